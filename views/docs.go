package views

import "github.com/insighto/insighto/db"

// Docs is what the page about the API tells.
type Docs struct {
	BaseURL   string
	Endpoints []Endpoint
	Anew      []Endpoint // the POSTs that take no Idempotency-Key
	Codes     []Code
}

// Endpoint is a route of the API, and what a key's role must open to use it.
type Endpoint struct {
	Method  string
	Path    string
	Scope   db.Scope
	Summary string
}

// Code is one way in which the API says no.
type Code struct {
	Status int
	Name   string
	Words  string
}

// recipe is a job that people do with the API, and the scripts that do it.
type recipe struct {
	id    string // of the scripts: export is export.sh and export.py
	title string
	role  string // the id of the narrowest role that does it
}

var recipes = []recipe{
	{"export", "Archive closed conversations each night", "conversations_export"},
	{"counts", "Daily counts for each assistant, as CSV", "conversations_export"},
	{"contacts", "Keep contacts in step with a CRM", "contacts_sync"},
}
