package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOGRArgs(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"copy a b", "copy a b"},
		{"copy -f GPKG -nln x -lco A=B -dsco C=D -oo E=F a b", "copy --format GPKG --nln x --lco A=B --dsco C=D --oo E=F a b"},
		{"copy -overwrite -append -update -skipfailures -preserve_fid", "copy --overwrite --append --update --skip-failures --preserve-fid"},
		{"copy -SkipFailures -A_SRS EPSG:1", "copy --skip-failures --a-srs EPSG:1"},
		{"copy --a_srs EPSG:1 --a-srs=EPSG:2", "copy --a-srs EPSG:1 --a-srs=EPSG:2"},
		{"info -spat -10 -5 0 5 a", "info --spat=-10,-5,0,5 a"},
		{"info --spat -10 -5 0 5.5e1 a", "info --spat=-10,-5,0,5.5e1 a"},
		{"info --spat -10,-5,0,5 a", "info --spat=-10,-5,0,5 a"},
		{"info --spat=-10,-5,0,5 a", "info --spat=-10,-5,0,5 a"},
		{"info -al a", "info --all --features a"},
		{"info -ro -so -al a", "info --summary --all --features a"},
		{"info -where x -sql y -dialect sqlite -order-by z a", "info --where x --sql y --order-by z a"},
		{"copy -dialect=SQLITE -intersects x a b", "copy --intersects x a b"},
		{"info -geom=SUMMARY -fid 3 -json -features -q", "info --geom=SUMMARY --fid 3 --json --features -q"},
		{"copy -progress -gt 65536 -gt=1 -ds_transaction a b", "copy a b"},
		{"copy -nln -spat a b", "copy --nln -spat a b"}, // a value, however it looks
		{"copy --config A B a b", "copy --config=A=B a b"},
		{"copy --config A=B a b", "copy --config=A=B a b"},
		{"copy --config=A=B a b", "copy --config=A=B a b"},
		{"copy -- -spat -nln", "copy -- -spat -nln"},
		{"copy -x --y - ---spat", "copy -x --y - ---spat"},
		{"__complete copy -al -nln", "__complete copy -al -nln"},
	}
	for _, test := range tests {
		got, err := ogrArgs(strings.Fields(test.in))
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s\n got %s, %v\nwant %s", test.in, strings.Join(got, " "), err, test.want)
		}
	}
}

func TestOGRArgsErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"copy -clipsrc a=1", "-clipsrc is not supported yet"},
		{"copy -dialect OGRSQL", "-dialect OGRSQL: the dialect of --sql is SQLite"},
		{"copy -where", "-where needs a value"},
		{"copy -t_srs EPSG:1", "-t_srs is not supported yet"},
		{"copy --t-srs EPSG:1", "--t-srs is not supported yet"},
		{"copy -nln", "-nln needs a value"},
		{"info -spat 1 2 3", "-spat has 3 numbers, want 4: xmin ymin xmax ymax"},
		{"info -spat", "-spat needs a value"},
		{"copy --config A", "--config A has no value"},
	}
	for _, test := range tests {
		_, err := ogrArgs(strings.Fields(test.in))
		var usage *usageError
		if !errors.As(err, &usage) || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.in, err, test.want)
		}
	}
}

// FuzzOGRArgs: what came out goes through again unchanged, and nothing behind "--" is touched.
func FuzzOGRArgs(f *testing.F) {
	for _, s := range []string{"copy -al -so -spat 1 2 3 4 -nln -spat", "info --config a b -- -al", "-gt -gt -f=-f --format -al"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		once, err := ogrArgs(args)
		if err != nil {
			return
		}
		twice, err := ogrArgs(once)
		if err != nil || !slices.Equal(once, twice) {
			t.Errorf("%q\nonce  %q\ntwice %q, %v", args, once, twice, err)
		}
	})
}

func FuzzBounds(f *testing.F) {
	for _, s := range []string{"1,2,3,4", "-10 -5 0 5", "1,2,3", "a,b,c,d", "nan,0,0,0", "2,0,1,0", "-inf,-inf,inf,inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b boundsFlag
		if err := b.Set(s); err != nil {
			return
		}
		var again boundsFlag
		if err := again.Set(b.String()); err != nil || *again.bounds != *b.bounds {
			t.Errorf("%q: %s, read again %v, %v", s, b.String(), again.bounds, err)
		}
	})
}
