package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// lostAtMost is how much of the counts a kill may take along.
const lostAtMost = time.Second

// meter is a script with a key whose requests to one route nobody else sends. It compares what the program counted with
// what it answered.
type meter struct {
	secret string
	kept   int // what the program said last

	mu       sync.Mutex
	sent     int         // since then, with or without an answer
	answered []time.Time // of these

	total, certain int
}

// work sends requests until ctx is over.
func (m *meter) work(ctx context.Context, srv *server) {
	client := &http.Client{Transport: srv.transport, Timeout: 15 * time.Second}
	for ctx.Err() == nil {
		m.mu.Lock()
		m.sent++
		m.mu.Unlock()
		_, err := send(ctx, client, http.MethodGet, srv.url+"/api/v1/user?api_key="+m.secret, nil)
		now := time.Now()
		if err == nil {
			m.mu.Lock()
			m.answered = append(m.answered, now)
			m.mu.Unlock()
		}
		select { // a request each few milliseconds says enough, and leaves the processor to the others
		case <-ctx.Done():
		case <-time.After(3 * time.Millisecond):
		}
	}
}

// killed notes when the program ended: what was answered long enough before must be counted.
func (m *meter) killed(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, answered := range m.answered {
		if at.Sub(answered) > lostAtMost {
			m.certain++
		}
	}
}

// check asks the program that was started anew for its counts, and notes what is missing or too much.
func (m *meter) check(ctx context.Context, srv *server, keys *ledger) error {
	client := &http.Client{Transport: srv.transport, Timeout: 15 * time.Second}
	body, err := send(ctx, client, http.MethodGet, srv.url+"/api/v1/usage?interval=month&group_by=route&api_key="+m.secret, nil)
	if err != nil {
		return fmt.Errorf("ask for the usage: %w", err)
	}
	var said struct {
		Data struct {
			Items []struct {
				Route    string
				Requests int
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil {
		return fmt.Errorf("GET /api/v1/usage answers no JSON: %w", err)
	}
	now := 0
	for _, item := range said.Data.Items {
		if item.Route == "GET /api/v1/user" {
			now += item.Requests
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if counted := now - m.kept; counted < m.certain || counted > m.sent {
		keys.lose("%d requests are counted: %d were sent, and %d answered more than a second before the kill", counted, m.sent, m.certain)
	}
	m.total += m.certain
	m.kept, m.sent, m.certain, m.answered = now, 0, 0, nil
	return nil
}

func (m *meter) String() string {
	return fmt.Sprintf("counted %d requests, of which %d had to be", m.kept, m.total)
}
