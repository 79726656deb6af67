package db_test

import (
	"testing"

	"github.com/insighto/insighto/db"
)

func TestTerms(t *testing.T) {
	for name, terms := range map[string]db.Terms{
		"events": db.Events, "statuses": db.Statuses, "device types": db.DeviceTypes, "sender types": db.SenderTypes, "message types": db.MessageTypes,
	} {
		t.Run(name+" have an id of their own and words for people", func(t *testing.T) {
			seen := map[string]bool{}
			for _, term := range terms {
				if term.ID == "" || term.Words == "" || seen[term.ID] {
					t.Errorf("got %+v, want an id that is there once, and words", term)
				}
				seen[term.ID] = true
				if !terms.Has(term.ID) || terms.Words(term.ID) != term.Words {
					t.Errorf("%s: got %v %q, want its words %q", term.ID, terms.Has(term.ID), terms.Words(term.ID), term.Words)
				}
			}
			if terms.Has("") || terms.Has("nonsense") || terms.Words("nonsense") != "" {
				t.Errorf("got words %q for nonsense, want none", terms.Words("nonsense"))
			}
		})
	}
}
