// Package db is the domain and how it is kept: one noun, one file, with its type, its rules and its SQL, the same text for
// SQLite and PostgreSQL. Times are UTC and kept to the millisecond.
//
// The families, in the order to read them:
//
//	role key session user setup   who asks, and what for: a Principal, its key or session, its person
//	throttle password secret      what keeps guessing slow, and secrets secret
//	store transaction sqlite      how statements reach an engine; dialect has all that differs between the two
//	postgres migrate key_finder
//	list pack rows total          pages and cursors; many columns as one; many rows at once; how many there are
//	contact_ phone                who a team talks to
//	conversation_ message         what was said, what a day's of it add up to (tally, count, total)
//	assistant                     who speaks for the team, and the widgets where
//	archive import_ export_       conversations that come from files and go to files
//	webhook_                      events, their deliveries, and the claims that lease them to one copy of the program
//	usage_                        what keys did: by hour, added up for pages, and single requests
//	limit_ idempotency            what keys may still do; what is done once however often it is asked
//	calendar dates term text      days and months, and what people write
//	check error
//
// Three rules, and what holds them:
//
//   - Who asks is a parameter. Every method whose rows belong to a team or a person takes a Principal, and team_id is in
//     its statement. A row of another team and no row are one NotFound error.
//   - Every write is in a transaction of somebody: exec refuses outside of one, and a transaction refuses nobody. Inside,
//     only tx exists. What must happen once at its end is an ending that hangs on it.
//   - Nothing true lives in memory, so two copies of the program agree. Nothing runs by itself here: no goroutine, no
//     ticker, no logger. The programs that do are in handlers/limit, handlers/usage and handlers/webhook.
//
// SQL is text that can be pasted: one clause a line, columns named. A statement that grows with a table fails a test;
// see plan_test.go. Migrations are new files; a merged one is never edited.
package db
