package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// standing is what the API says of a key: live when it lets it in, or why it does not.
type standing string

const (
	live    standing = "live"
	revoked standing = "key_revoked"
	deleted standing = "key_unknown"
)

// key is one whose creation was acknowledged.
type key struct {
	secret   string
	owner    string
	standing standing
	asked    standing // what a request without an answer wanted it to be: then either is right, until somebody looks
	fresh    bool     // changed since it was last looked at
}

// ledger holds what the program has acknowledged, and what of it was not there afterwards.
type ledger struct {
	mu     sync.Mutex
	keys   []*key
	losses []string

	made, revoked, deleted, sessions, unanswered, refused, looks int
}

// created notes a key that was shown.
func (l *ledger) created(owner, secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made++
	l.keys = append(l.keys, &key{secret: secret, owner: owner, standing: live, fresh: true})
}

// madeBy is how many keys of this person were shown.
func (l *ledger) madeBy(owner string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	made := 0
	for _, k := range l.keys {
		if k.owner == owner {
			made++
		}
	}
	return made
}

// victim is a live key of this person that nobody has asked to end, or nil when a few tries find none.
func (l *ledger) victim(owner string) *key {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range min(50, len(l.keys)) {
		k := l.keys[rand.IntN(len(l.keys))]
		if k.owner == owner && k.standing == live && k.asked == "" {
			return k
		}
	}
	return nil
}

// asking notes, before the request leaves, what it wants of the key.
func (l *ledger) asking(k *key, want standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k.asked, k.fresh = want, true
}

// ended notes that the program has said yes.
func (l *ledger) ended(k *key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k.standing, k.asked = k.asked, ""
	if k.standing == revoked {
		l.revoked++
	} else {
		l.deleted++
	}
}

// found compares what the program says after a restart. What it says then counts as acknowledged from here on.
func (l *ledger) found(k *key, now standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	if now != k.standing && (k.asked == "" || now != k.asked) {
		l.losses = append(l.losses, fmt.Sprintf("key %.11s… of %s: acknowledged as %s, found %s", k.secret, k.owner, k.standing, now))
	}
	k.standing, k.asked, k.fresh = now, "", false
}

// lose notes something other than a key.
func (l *ledger) lose(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.losses = append(l.losses, fmt.Sprintf(format, args...))
}

func (l *ledger) signedIn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions++
}

// missed notes a request that was not acknowledged: refused with a status, or left without an answer.
func (l *ledger) missed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.As(err, new(status)) {
		l.refused++
	} else {
		l.unanswered++
	}
}

// due are the keys that changed since they were last looked at, and some of the others.
func (l *ledger) due(others int) []*key {
	l.mu.Lock()
	defer l.mu.Unlock()
	var due, rest []*key
	for _, k := range l.keys {
		if k.fresh {
			due = append(due, k)
		} else {
			rest = append(rest, k)
		}
	}
	rand.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return append(due, rest[:min(others, len(rest))]...)
}

func (l *ledger) all() []*key {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*key(nil), l.keys...)
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("acknowledged %d keys, %d revokes, %d deletes, %d sign-ins; %d requests without an answer, %d refused; looked %d times, %d lost",
		l.made, l.revoked, l.deleted, l.sessions, l.unanswered, l.refused, l.looks, len(l.losses))
}

// verdict is an error that lists what was lost. A run in which nothing was at stake is one too.
func (l *ledger) verdict() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.losses) > 0 {
		return fmt.Errorf("%d lost:\n  %s", len(l.losses), strings.Join(l.losses[:min(20, len(l.losses))], "\n  "))
	}
	if l.made == 0 || l.revoked == 0 || l.deleted == 0 {
		return errors.New("nothing was shown: not one key was made, revoked and deleted, raise -rounds")
	}
	return nil
}
