package db

import (
	"sync/atomic"
	"time"
)

// Flushes tell how writing what keys did goes.
type Flushes struct {
	Written int64 // times
	Failed  int64 // times; it is tried again
	Took    time.Duration
	Pending int // counts, and rows of the log
}

// flushes are counted while others look.
type flushes struct{ written, failed, took atomic.Int64 }

func (f *flushes) add(took time.Duration, err error) {
	f.took.Add(int64(took))
	if err != nil {
		f.failed.Add(1)
	} else {
		f.written.Add(1)
	}
}

// Flushes gives the figures since the start.
func (u *KeyUses) Flushes() Flushes {
	return Flushes{Written: u.flushes.written.Load(), Failed: u.flushes.failed.Load(), Took: time.Duration(u.flushes.took.Load()), Pending: u.pending()}
}
