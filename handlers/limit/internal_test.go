package limit

import "context"

// Known is how many keys and people the limiter remembers.
func (l *Limiter) Known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys) + len(l.people)
}

// Forget does what Run does once a minute.
func (l *Limiter) Forget(ctx context.Context) { l.forget(ctx) }
