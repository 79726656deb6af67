package handlertest

import (
	"bytes"
	"os"
	"sync"
)

// Log keeps what a server logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
	to   *os.File
}

// Write takes what comes, to keep it or to pass it on.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil {
		return l.to.Write(p)
	}
	return l.text.Write(p)
}

// String is what is kept.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// PassOn has all that comes from now on written to a file, and none of it kept.
func (l *Log) PassOn(to *os.File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = to
}

// Reset forgets what is kept.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
