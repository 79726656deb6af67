package main

import "testing"

func TestALossIsSeen(t *testing.T) {
	for _, c := range []struct {
		name                 string
		acknowledged, asked  standing
		found                standing
		losses               int
		acknowledgedFromHere standing
	}{
		{"a key that is still there is no loss", live, "", live, 0, live},
		{"a key that is gone is a loss", live, "", deleted, 1, deleted},
		{"a key that was never revoked and says so is a loss", live, "", revoked, 1, revoked},
		{"a revoked key that is let in is a loss", revoked, "", live, 1, live},
		{"a revoked key whose row is gone is a loss", revoked, "", deleted, 1, deleted},
		{"a deleted key that is back is a loss", deleted, "", live, 1, live},
		{"a revoke without an answer may have happened", live, revoked, revoked, 0, revoked},
		{"a revoke without an answer may not have happened", live, revoked, live, 0, live},
		{"a revoke without an answer deletes nothing", live, revoked, deleted, 1, deleted},
		{"an answer nobody knows is a loss", live, "", "key_malformed", 1, "key_malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ledger
			l.created("somebody", "in-made-up")
			k := l.all()[0]
			k.standing, k.asked = c.acknowledged, c.asked
			l.found(k, c.found)
			if len(l.losses) != c.losses {
				t.Errorf("losses: got %q, want %d", l.losses, c.losses)
			}
			if k.standing != c.acknowledgedFromHere || k.asked != "" || k.fresh {
				t.Errorf("afterwards: got %+v, want %s with nothing asked", *k, c.acknowledgedFromHere)
			}
		})
	}
}

func TestARunInWhichNothingHappenedIsNoProof(t *testing.T) {
	var l ledger
	if l.verdict() == nil {
		t.Error("an empty run: got no error, want one")
	}
}

func TestAKeyThatWasAskedToEndIsNotPickedAgain(t *testing.T) {
	var l ledger
	l.created("somebody", "in-made-up")
	if got := l.victim("somebody else"); got != nil {
		t.Errorf("another person's key: got %v, want nil", got)
	}
	l.asking(l.victim("somebody"), revoked)
	if got := l.victim("somebody"); got != nil {
		t.Errorf("a key being revoked: got %v, want nil", got)
	}
}
