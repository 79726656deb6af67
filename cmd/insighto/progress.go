package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress draws how much has been read, when stderr is a terminal; otherwise it draws nothing.
type progress struct {
	world *world
	show  bool
	size  int64 // in bytes as they lie in the files; 0 when unknown
	read  int64
	drawn time.Time
}

func newProgress(w *world, size int64) *progress {
	return &progress{world: w, show: isTerminal(w.err), size: size}
}

// reading counts what is read through it.
func (p *progress) reading(r io.Reader) io.Reader { return countingReader{r, p} }

type countingReader struct {
	io.Reader
	p *progress
}

func (c countingReader) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.p.read += int64(n)
	return n, err
}

// draw shows the state of things, at most ten times a second.
func (p *progress) draw(line int) {
	now := p.world.now()
	if !p.show || now.Sub(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = now
	if p.size == 0 {
		fmt.Fprintf(p.world.err, "\r\x1b[K%s lines, %.1f MiB", thousands(line), float64(p.read)/(1<<20))
		return
	}
	const width = 40
	share := min(1, float64(p.read)/float64(p.size))
	full := int(share * width)
	fmt.Fprintf(p.world.err, "\r\x1b[K[%s%s] %3.0f %%, line %s", strings.Repeat("#", full), strings.Repeat(".", width-full), share*100, thousands(line))
}

// clear makes room for a line of words.
func (p *progress) clear() {
	if p.show {
		fmt.Fprint(p.world.err, "\r\x1b[K")
	}
}

func (p *progress) done() { p.clear() }
