package handlers

import (
	"net/http"
	"strings"

	"github.com/insighto/insighto/views"
)

// codes are all the ways in which the API says no. The docs page, the OpenAPI document and its test read this table.
var codes = []views.Code{
	{Status: http.StatusBadRequest, Name: "bad_request", Words: "The address or the body cannot be read."},
	{Status: http.StatusBadRequest, Name: "key_repeated", Words: "The address has more than one api_key."},
	{Status: http.StatusUnauthorized, Name: "key_missing", Words: "There is no api_key in the address."},
	{Status: http.StatusUnauthorized, Name: "key_in_header", Words: "The key is in a header, a cookie or the body. It belongs into the address."},
	{Status: http.StatusUnauthorized, Name: "key_malformed", Words: "That is not what a key looks like; a part may be missing."},
	{Status: http.StatusUnauthorized, Name: "key_unknown", Words: "No such key. It may have been deleted."},
	{Status: http.StatusUnauthorized, Name: "key_revoked", Words: "The key was revoked. Make a new one."},
	{Status: http.StatusForbidden, Name: "role_forbids", Words: "The key's role does not open this. required_scope and key_role tell what is lacking."},
	{Status: http.StatusNotFound, Name: "not_found", Words: "There is no such row in your team."},
	{Status: http.StatusNotFound, Name: "no_such_route", Words: "There is nothing at this address."},
	{Status: http.StatusMethodNotAllowed, Name: "method_not_allowed", Words: "This address does not take that method. The Allow header lists those it takes."},
	{Status: http.StatusConflict, Name: "contact_ambiguous", Words: "The e-mail belongs to one contact and the phone to another."},
	{Status: http.StatusConflict, Name: "conflict", Words: "The row is not in the state that this change needs, or there is one like it already."},
	{Status: http.StatusRequestEntityTooLarge, Name: "body_too_large", Words: "The body is larger than one request may carry."},
	{Status: http.StatusUnsupportedMediaType, Name: "unsupported_media_type", Words: "Send the body as application/json, uncompressed."},
	{Status: http.StatusUnprocessableEntity, Name: "invalid", Words: "Some input is wrong; detail lists which, and how."},
	{Status: http.StatusUnprocessableEntity, Name: "idempotency_mismatch", Words: "This Idempotency-Key came with another body before."},
	{Status: http.StatusTooManyRequests, Name: "rate_limited", Words: "Too much at once. Retry-After tells how many seconds to wait."},
	{Status: http.StatusTooManyRequests, Name: "quota_exceeded", Words: "The team's quota is used up. Retry-After tells when there is more."},
	{Status: http.StatusInternalServerError, Name: "internal", Words: "Something broke on our side. Tell who runs this server the request_id."},
	{Status: http.StatusServiceUnavailable, Name: "unavailable", Words: "The database does not answer right now. Try again after Retry-After seconds."},
}

// codesOf gives the names of a status's codes, as words.
func codesOf(status int) string {
	var names []string
	for _, c := range codes {
		if c.Status == status {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " or ")
}
