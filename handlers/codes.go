package handlers

import (
	"net/http"
	"strings"
)

// code is one way in which the API says no.
type code struct {
	status int
	name   string
	words  string
}

// codes are all of them. The docs page, the OpenAPI document and its test read this table.
var codes = []code{
	{http.StatusBadRequest, "bad_request", "The address or the body cannot be read."},
	{http.StatusBadRequest, "key_repeated", "The address has more than one api_key."},
	{http.StatusUnauthorized, "key_missing", "There is no api_key in the address."},
	{http.StatusUnauthorized, "key_in_header", "The key is in a header, a cookie or the body. It belongs into the address."},
	{http.StatusUnauthorized, "key_malformed", "That is not what a key looks like; a part may be missing."},
	{http.StatusUnauthorized, "key_unknown", "No such key. It may have been deleted."},
	{http.StatusUnauthorized, "key_revoked", "The key was revoked. Make a new one."},
	{http.StatusForbidden, "role_forbids", "The key's role does not open this. required_scope and key_role tell what is lacking."},
	{http.StatusNotFound, "not_found", "There is no such row in your team."},
	{http.StatusNotFound, "no_such_route", "There is nothing at this address."},
	{http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take that method. The Allow header lists those it takes."},
	{http.StatusConflict, "contact_ambiguous", "The e-mail belongs to one contact and the phone to another."},
	{http.StatusConflict, "conflict", "The row is not in the state that this change needs, or there is one like it already."},
	{http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than one request may carry."},
	{http.StatusUnsupportedMediaType, "unsupported_media_type", "Send the body as application/json, uncompressed."},
	{http.StatusUnprocessableEntity, "invalid", "Some input is wrong; detail lists which, and how."},
	{http.StatusUnprocessableEntity, "idempotency_mismatch", "This Idempotency-Key came with another body before."},
	{http.StatusTooManyRequests, "rate_limited", "Too much at once. Retry-After tells how many seconds to wait."},
	{http.StatusTooManyRequests, "quota_exceeded", "The team's quota is used up. Retry-After tells when there is more."},
	{http.StatusInternalServerError, "internal", "Something broke on our side. Tell who runs this server the request_id."},
	{http.StatusServiceUnavailable, "unavailable", "The database does not answer right now. Try again after Retry-After seconds."},
}

// codesOf gives the names of a status's codes, as words.
func codesOf(status int) string {
	var names []string
	for _, c := range codes {
		if c.status == status {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, " or ")
}
