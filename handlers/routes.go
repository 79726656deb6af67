package handlers

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
)

// page is a web route. open pages answer anybody; the others need a session.
type page struct {
	method string
	path   string
	open   bool
	handle echo.HandlerFunc
}

func (s *server) pages() []page {
	const open = true
	return []page{
		{http.MethodGet, "/login", open, s.showLogin},
		{http.MethodPost, "/login", open, s.signIn},
		{http.MethodPost, "/logout", open, s.signOut},
		{http.MethodGet, "/setup", open, s.showSetup},
		{http.MethodPost, "/setup", open, s.setUp},

		{http.MethodGet, "/", !open, s.showOverview},

		{http.MethodGet, "/settings", !open, s.showSettings},
		{http.MethodGet, "/settings/api-keys", !open, s.listKeys},
		{http.MethodPost, "/settings/api-keys", !open, s.createKey},
		{http.MethodGet, "/settings/api-keys/new", !open, s.newKey},
		{http.MethodGet, "/settings/api-keys/:id", !open, s.showKey},
		{http.MethodDelete, "/settings/api-keys/:id", !open, s.deleteKey},
		{http.MethodGet, "/settings/api-keys/:id/revocation", !open, s.askRevoke},
		{http.MethodPost, "/settings/api-keys/:id/revoke", !open, s.revokeKey},
		{http.MethodGet, "/settings/api-keys/:id/deletion", !open, s.askDelete},
		{http.MethodPost, "/settings/api-keys/:id/delete", !open, s.deleteKey},

		{http.MethodGet, "/settings/security", !open, s.showSecurity},
		{http.MethodPost, "/settings/security/password", !open, s.changePassword},
		{http.MethodPost, "/settings/security/sessions/:id/end", !open, s.endSession},

		{http.MethodGet, "/static/:file", open, s.serveStatic},
		{http.MethodGet, "/favicon.ico", open, s.serveIcon},
		{http.MethodGet, "/healthz", open, s.alive},
		{http.MethodGet, "/readyz", open, s.ready},
	}
}

// endpoint is an API route. Its scope is what a key's role must open; a route without one does not start.
type endpoint struct {
	method  string
	path    string
	scope   db.Scope
	summary string
	serve   serve
}

// serve hangs a typed handler on an operation; see handle.
type serve func(s *server, api huma.API, op huma.Operation)

func (s *server) endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/api/v1/key", db.AnyRole, "The key in use", handle(s.apiKey)},
		{http.MethodGet, "/api/v1/user", db.AnyRole, "The key's person", handle(s.apiUser)},
		{http.MethodGet, "/api/v1/user/list/orgs", db.AnyRole, "The person's teams", handle(s.apiTeams)},

		{http.MethodGet, "/api/v1/contact", db.ContactsRead, "Contacts, newest first", handle(s.apiContacts)},
		{http.MethodGet, "/api/v1/contact/list", db.ContactsRead, "Contacts, in the legacy spelling", handle(s.apiContacts)},
		{http.MethodGet, "/api/v1/contact/{contact_id}", db.ContactsRead, "One contact", handle(s.apiContact)},
		{http.MethodPost, "/api/v1/contact", db.ContactsWrite, "Create a contact", handle(s.apiCreateContact)},
		{http.MethodPut, "/api/v1/contact/{contact_id}", db.ContactsWrite, "Change a contact, in part", handle(s.apiUpdateContact)},
		{http.MethodPost, "/api/v1/contact/upsert", db.ContactsWrite, "Change the contact with that e-mail or phone, or create it", handle(s.apiUpsertContact)},
		{http.MethodDelete, "/api/v1/contact/{contact_id}", db.ContactsWrite, "Delete a contact", handle(s.apiDeleteContact)},
		{http.MethodDelete, "/api/v1/contact/multiple", db.ContactsWrite, "Delete several contacts, or none", handle(s.apiDeleteContacts)},
		{http.MethodGet, "/api/v1/contact_custom_field", db.ContactsRead, "Custom fields, newest first", handle(s.apiContactFields)},
		{http.MethodGet, "/api/v1/contact_custom_field/list", db.ContactsRead, "Custom fields, in the legacy spelling", handle(s.apiContactFields)},
		{http.MethodPost, "/api/v1/contact_custom_field", db.ContactsWrite, "Define a custom field", handle(s.apiCreateContactField)},
		{http.MethodDelete, "/api/v1/contact_custom_field/{field_id}", db.ContactsWrite, "Delete a custom field", handle(s.apiDeleteContactField)},

		{http.MethodGet, "/api/v1/conversation", db.ConversationsRead, "Conversations of some days, newest first", handle(s.apiConversations)},
		{http.MethodGet, "/api/v1/conversation/list", db.ConversationsRead, "Conversations, in the legacy spelling", handle(s.apiConversations)},
		{http.MethodGet, "/api/v1/conversation/{conversation_id}", db.ConversationsRead, "One conversation", handle(s.apiConversation)},
		{http.MethodGet, "/api/v1/conversation/{conversation_id}/transcript", db.ConversationsRead, "What was said in a conversation", handle(s.apiTranscript)},
		{http.MethodGet, "/api/v1/conversation/by-contact/{contact_id}", db.ConversationsRead, "The conversations of a contact", handle(s.apiContactConversations)},

		{http.MethodGet, "/api/v1/assistant", db.AssistantsRead, "Assistants, newest first", handle(s.apiAssistants)},
		{http.MethodGet, "/api/v1/assistant/list", db.AssistantsRead, "Assistants, in the legacy spelling", handle(s.apiAssistants)},
		{http.MethodGet, "/api/v1/assistant/{assistant_id}", db.AssistantsRead, "One assistant", handle(s.apiAssistant)},

		{http.MethodGet, "/api/v1/widget", db.AssistantsRead, "Widgets, newest first", handle(s.apiWidgets)},
		{http.MethodGet, "/api/v1/widget/list", db.AssistantsRead, "Widgets, in the legacy spelling", handle(s.apiWidgets)},
	}
}

func (s *server) routes(e *echo.Echo) {
	web := []echo.MiddlewareFunc{s.sameOrigin, compressed}
	for _, p := range s.pages() {
		handle := p.handle
		if !p.open {
			handle = s.signedIn(handle)
		}
		e.Add(p.method, p.path, handle, web...)
		if p.method == http.MethodGet {
			e.Add(http.MethodHead, p.path, handle, web...)
		}
	}
	api := humaecho.New(e, s.apiConfig())
	for _, r := range s.endpoints() {
		if r.scope == "" {
			panic(r.method + " " + r.path + " names no scope")
		}
		r.serve(s, api, huma.Operation{
			OperationID: r.method + r.path,
			Method:      r.method,
			Path:        r.path,
			Summary:     r.summary,
			Middlewares: huma.Middlewares{s.keyed(r.scope)},
		})
	}
}
