package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi"
)

// valueFlagOf is the value of a flag that a function reads.
type valueFlagOf[T any] struct {
	to    *T
	kind  string // what the help calls it
	text  string // as it was given, or the default as the help shows it
	parse func(string) (T, error)
}

func (f *valueFlagOf[T]) Type() string { return f.kind }

func (f *valueFlagOf[T]) String() string { return f.text }

func (f *valueFlagOf[T]) Set(s string) error {
	v, err := f.parse(s)
	if err != nil {
		return err
	}
	*f.to, f.text = v, s
	return nil
}

// networksFlag is the value of a flag that takes networks, with commas between them, again and again.
type networksFlag struct{ to *[]netip.Prefix }

func (f networksFlag) Type() string { return "CIDR" }

func (f networksFlag) String() string {
	if f.to == nil { // pflag asks a zero value
		return ""
	}
	var list []string
	for _, p := range *f.to {
		list = append(list, p.String())
	}
	return strings.Join(list, ",")
}

func (f networksFlag) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		p, err := netip.ParsePrefix(part)
		if addr, addrErr := netip.ParseAddr(part); err != nil && addrErr == nil && addr.Zone() == "" {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("%q is not a network: want one such as 192.0.2.0/24, or an address", part)
		}
		*f.to = append(*f.to, p.Masked())
	}
	return nil
}

// sizeUnits are the units of sizes, those of 1000 and those of 1024. Letters may be in either case.
var sizeUnits = map[string]int64{
	"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// parseSize reads a number of bytes: "2GB", "32MiB", "1000". Zero is none.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit := sizeUnits[strings.ToLower(strings.TrimSpace(s[len(digits):]))]
	if err != nil || n < 0 || unit == 0 {
		return 0, fmt.Errorf("%q is not a size: want one such as 500kB, 32MiB or 2GB", s)
	}
	if n > math.MaxInt64/unit {
		return 0, fmt.Errorf("size %s is too large", s)
	}
	return n * unit, nil
}

// parseSomeSize reads a size that is not zero.
func parseSomeSize(s string) (int64, error) {
	n, err := parseSize(s)
	if err == nil && n == 0 {
		err = errors.New("0 would allow nothing")
	}
	return n, err
}

// parseRowSize reads a size that PostgreSQL can send at once.
func parseRowSize(s string) (int, error) {
	n, err := parseSomeSize(s)
	if err == nil && n > 1<<30 {
		err = fmt.Errorf("%s is more than PostgreSQL has in a field, 1GiB", s)
	}
	return int(n), err
}

func sizeText(n int64) string {
	for _, unit := range []string{"GB", "MiB", "KiB"} {
		if u := sizeUnits[strings.ToLower(unit)]; n%u == 0 {
			return strconv.FormatInt(n/u, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// parseDuration reads a time that is longer than nothing.
func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a time: want one such as 500ms, 30s, 5m or 12h", s)
	}
	return d, nil
}

// parseTimeout reads a time, or "off", which is -1.
func parseTimeout(s string) (time.Duration, error) {
	if s == "off" {
		return -1, nil
	}
	d, err := parseDuration(s)
	if err != nil {
		err = fmt.Errorf("%w, or off", err)
	}
	return d, err
}

// durationText is 5m where Go has 5m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return 0, fmt.Errorf("%q is not a number from 1 on", s)
	}
	return n, nil
}

// parseBound reads a number, or "off", which is -1.
func parseBound(s string) (int, error) {
	if s == "off" {
		return -1, nil
	}
	n, err := parseCount(s)
	if err != nil {
		err = fmt.Errorf("%w, or off", err)
	}
	return n, err
}

// parseWorkers reads a number that may be 0, which is -1.
func parseWorkers(s string) (int, error) {
	if s == "0" {
		return -1, nil
	}
	n, err := parseCount(s)
	if err != nil {
		err = fmt.Errorf("%q is not a number from 0 on", s)
	}
	return n, err
}

func parseRate(s string) (sqlapi.Rate, error) { return sqlapi.ParseRate(s) }

// parseAddress reads an address to listen at.
func parseAddress(s string) (string, error) {
	if _, port, err := net.SplitHostPort(s); err != nil || port == "" {
		return "", fmt.Errorf("%q is not an address: want HOST:PORT, as in 127.0.0.1:8080, or :8080 for all of the machine's addresses", s)
	}
	return s, nil
}

func parseText(s string) (string, error) { return s, nil }

// oneOf reads one of these words.
func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		s = strings.ToLower(s)
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
		}
		return s, nil
	}
}

func parseLevel(s string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s)); err != nil {
		return 0, fmt.Errorf("%q is none of debug, info, warn, error", s)
	}
	return level, nil
}
