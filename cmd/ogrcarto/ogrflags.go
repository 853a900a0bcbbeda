package main

import "strings"

// ogrFlag says what becomes of a flag of ogrinfo or ogr2ogr.
type ogrFlag struct {
	to   string // our flag, or "" where there is nothing to do
	kind flagKind
}

type flagKind int

const (
	bareFlag    flagKind = iota // takes no value
	valueFlag                   // takes the next argument
	boxFlag                     // takes four
	configPair                  // takes KEY=VALUE, or KEY and VALUE
	dialectFlag                 // takes the name of an SQL dialect, of which there is one
	unsupported                 // known, and not to be had here
)

// ogrFlags are the flags of ogrinfo and ogr2ogr that mean something here, and our own that take a value. Names are in lower
// case, with underscores.
var ogrFlags = map[string]ogrFlag{
	"append": {"--append", bareFlag}, "update": {"--update", bareFlag}, "overwrite": {"--overwrite", bareFlag},
	"skipfailures": {"--skip-failures", bareFlag}, "preserve_fid": {"--preserve-fid", bareFlag},
	"features": {"--features", bareFlag}, "json": {"--json", bareFlag},

	"f": {"--format", valueFlag}, "of": {"--format", valueFlag}, "format": {"--format", valueFlag},
	"a_srs": {"--a-srs", valueFlag}, "nln": {"--nln", valueFlag}, "nlt": {"--nlt", valueFlag},
	"dim": {"--dim", valueFlag}, "select": {"--select", valueFlag}, "limit": {"--limit", valueFlag},
	"offset": {"--offset", valueFlag}, "oo": {"--oo", valueFlag}, "lco": {"--lco", valueFlag},
	"dsco": {"--dsco", valueFlag}, "fid": {"--fid", valueFlag}, "geom": {"--geom", valueFlag},
	"spat": {"--spat", boxFlag}, "config": {"--config", configPair}, "where": {"--where", valueFlag},
	"sql": {"--sql", valueFlag}, "intersects": {"--intersects", valueFlag}, "order_by": {"--order-by", valueFlag},
	"so": {"--summary", bareFlag},

	// What ogrinfo and ogr2ogr have to be told is so here anyway.
	"ro": {}, "progress": {}, "nomd": {}, "ds_transaction": {}, "gt": {"", valueFlag},

	"dialect": {kind: dialectFlag},
	"t_srs":   {kind: unsupported}, "s_srs": {kind: unsupported}, "ct": {kind: unsupported}, "spat_srs": {kind: unsupported},
	"geomfield": {kind: unsupported}, "clipsrc": {kind: unsupported}, "clipdst": {kind: unsupported},
	"simplify": {kind: unsupported}, "segmentize": {kind: unsupported}, "makevalid": {kind: unsupported},
	"explodecollections": {kind: unsupported}, "wrapdateline": {kind: unsupported}, "addfields": {kind: unsupported},
	"fieldmap": {kind: unsupported}, "fieldtypetostring": {kind: unsupported}, "mapfieldtype": {kind: unsupported},
	"unsetfid": {kind: unsupported}, "zfield": {kind: unsupported}, "doo": {kind: unsupported}, "mo": {kind: unsupported},
	"if": {kind: unsupported}, "rl": {kind: unsupported}, "fields": {kind: unsupported}, "fielddomain": {kind: unsupported},
	"nocount": {kind: unsupported}, "noextent": {kind: unsupported}, "wkt_format": {kind: unsupported},
}

// ogrArgs turns a command line in which flags may be spelled as OGR has them into one for our flags: "-a_srs" becomes
// "--a-srs", and "-spat" and "--spat" with the four arguments that follow one "--spat=xmin,ymin,xmax,ymax", so that a
// negative number is not taken for a flag. The values of flags are left as they are.
func ogrArgs(args []string) ([]string, error) {
	out := make([]string, 0, len(args))
	if len(args) > 0 && (args[0] == "serve" || strings.HasPrefix(args[0], "__complete")) {
		return append(out, args...), nil // serve has no counterpart in OGR; a shell that completes has its own words
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...), nil
		}
		spelling, value, inline := strings.Cut(arg, "=")
		dashes := len(spelling) - len(strings.TrimLeft(spelling, "-"))
		name := strings.ReplaceAll(strings.ToLower(spelling[dashes:]), "-", "_")
		if dashes == 0 || dashes > 2 {
			out = append(out, arg)
			continue
		}
		if name == "al" {
			out = append(out, "--all", "--features")
			continue
		}
		flag, known := ogrFlags[name]
		if !known {
			out = append(out, arg)
			continue
		}
		rest := args[i+1:]
		switch {
		case flag.kind == unsupported:
			return nil, usagef("%s is not supported yet", spelling)
		case flag.kind == dialectFlag:
			if !inline && len(rest) > 0 {
				value = rest[0]
				i++
			}
			if !strings.EqualFold(value, "SQLITE") {
				return nil, usagef("%s %s: the dialect of --sql is SQLite", spelling, value)
			}
			continue
		case flag.kind == bareFlag && flag.to == "":
			continue
		case flag.kind == bareFlag || inline:
			if flag.to == "" {
				continue
			}
			arg = flag.to
			if inline {
				arg += "=" + value
			}
			out = append(out, arg)
			continue
		case len(rest) == 0:
			return nil, usagef("%s needs a value", spelling)
		}
		switch flag.kind {
		case valueFlag:
			if flag.to != "" {
				out = append(out, flag.to, rest[0])
			}
			i++
		case boxFlag:
			n := 1
			if !strings.ContainsAny(rest[0], ", ") {
				n = 4
			}
			if len(rest) < n {
				return nil, usagef("%s has %d numbers, want 4: xmin ymin xmax ymax", spelling, len(rest))
			}
			out = append(out, flag.to+"="+strings.Join(rest[:n], ","))
			i += n
		case configPair:
			pair := rest[0]
			i++
			if !strings.Contains(pair, "=") {
				if len(rest) < 2 {
					return nil, usagef("%s %s has no value", spelling, pair)
				}
				pair += "=" + rest[1]
				i++
			}
			out = append(out, flag.to+"="+pair)
		}
	}
	return out, nil
}
