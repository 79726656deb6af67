package main

import (
	"log"
	"log/slog"
	"strings"
)

// complaints takes what net/http says about connections. Of its lines only the kind goes on, because the rest may
// quote a request, and with it a key.
func complaints(to *slog.Logger) *log.Logger { return log.New(complaintWriter{to}, "", 0) }

type complaintWriter struct{ to *slog.Logger }

// Write takes one line.
func (w complaintWriter) Write(line []byte) (int, error) {
	switch text := string(line); {
	case strings.HasPrefix(text, "http: panic serving"):
		w.to.Error("a request ended in a panic")
	case strings.HasPrefix(text, "http: Accept error"):
		w.to.Warn("a connection could not be accepted; it is tried again")
	default:
		w.to.Debug("net/http complained about a connection")
	}
	return len(line), nil
}
