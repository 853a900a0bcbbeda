package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/translate"
)

func TestProgress(t *testing.T) {
	tests := []struct {
		name  string
		steps []translate.Progress
		want  string // in what is printed; "" for nothing at all
	}{
		{"by rows", []translate.Progress{
			{Layer: "roads", Layers: 1, Total: 1000},
			{Layer: "roads", Layers: 1, Total: 1000, Progress: layer.Progress{Rows: 500, Bytes: 7, TotalBytes: 9}},
		}, "roads"},
		{"by bytes", []translate.Progress{
			{Layer: "roads", Layers: 1, Total: -1},
			{Layer: "roads", Layers: 1, Total: -1, Progress: layer.Progress{Rows: 500, Bytes: 700e3, TotalBytes: 900e3}},
		}, "kB"},
		{"neither", []translate.Progress{
			{Layer: "roads", Layers: 1, Total: -1},
			{Layer: "roads", Layers: 1, Total: -1, Progress: layer.Progress{Rows: 500}},
		}, "roads"},
		{"an empty layer", []translate.Progress{{Layer: "roads", Layers: 1}}, ""},
		{"two layers", []translate.Progress{
			{Layer: "roads", Layers: 2, Total: 10, Progress: layer.Progress{Rows: 10}},
			{Layer: "rivers", Index: 1, Layers: 2, Total: 10, Progress: layer.Progress{Rows: 5}},
		}, "rivers"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			s := progress{w: &b}
			for _, p := range test.steps {
				s.update(p)
			}
			s.clear()
			s.clear()
			if got := b.String(); !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}
