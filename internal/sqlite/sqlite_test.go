package sqlite

import (
	"path/filepath"
	"testing"
)

func BenchmarkRead7(b *testing.B) {
	c, err := Open(filepath.Join(b.TempDir(), "x.db"), Create, "")
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(`create table t(fid integer primary key, geom blob, a integer, b text, c real, d integer, e text);
		with recursive n(i) as (select 1 union all select i+1 from n where i<200000)
		insert into t select i, zeroblob(61), i, 'name of ' || i, i*1.5, i%10, '2020-01-01' from n`); err != nil {
		b.Fatal(err)
	}
	s, err := c.Prepare("select * from t")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	rows, sum := 0, 0
	for b.Loop() {
		for {
			ok, err := s.Step()
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				s.Reset()
				break
			}
			rows++
			for i := range 7 {
				switch s.Type(i) {
				case Integer:
					sum += int(s.Int(i))
				case Float:
					sum += int(s.Float(i))
				case Text, Blob:
					sum += len(s.Bytes(i))
				}
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	if sum == 0 {
		b.Fatal("nothing was read")
	}
}
