// Package handlers is HTTP in: pages for people and the API for scripts. Handlers read, ask the store, check the error and
// render; errors become answers in one place, error.go.
//
// The families, in the order to read them:
//
//	routes                    every URL: who may see a page, which scope an endpoint needs, how its answer repeats
//	server middleware         what runs around each request; headers, ids, what cannot be read
//	auth limit                who an API request's key is, and what it may still do
//	session form              who a browser's cookie is, and what forms bring
//	api body json             typed endpoints over huma: envelopes, lists, strict JSON in, fast JSON out
//	etag idempotency buffer   answers that still stand, and changes that are made once
//	api_*                     an endpoint's types and handler, by noun
//	web web_*                 pages, by noun; web_list has pages and cursors, web_table CSV
//	openapi codes             the document, and all the ways to say no
//	metrics                   figures for whoever runs the server
//	archive/                  the line that import, export and the command line share: no HTTP in it
//	limit/ usage/             running programs: the limiter, the recorder of what keys do
//	webhook/                  HTTP out: courier, sender, signer, guard
//	handlertest/ browsertest/ a server with one person in it, for tests; the tests in the browser
//
// Three rules, and what holds them:
//
//   - A row of the table of routes without who, scope or repetition does not start.
//   - The key is read in one place, once, as it was sent; no log line, error, metric or address that we print holds one.
//   - Handlers return errors and never write a status themselves: fail in error.go answers for a person or for a script.
package handlers
