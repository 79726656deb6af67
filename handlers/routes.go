package handlers

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
)

// page is a web route, and who may see it; one that does not say does not start.
type page struct {
	method string
	path   string
	who    who
	handle echo.HandlerFunc
}

// who is whom a page is for.
type who string

const (
	anybody who = "anybody"
	person  who = "person"  // who is signed in
	manager who = "manager" // a person who looks after what is the team's
)

func (s *server) pages() []page {
	return []page{
		{http.MethodGet, "/login", anybody, s.showLogin},
		{http.MethodPost, "/login", anybody, s.signIn},
		{http.MethodPost, "/logout", anybody, s.signOut},
		{http.MethodGet, "/setup", anybody, s.showSetup},
		{http.MethodPost, "/setup", anybody, s.setUp},

		{http.MethodGet, "/", person, s.showOverview},
		{http.MethodGet, "/conversations", person, s.listConversations},
		{http.MethodGet, "/conversations/:id", person, s.showConversation},
		{http.MethodGet, "/contacts", person, s.listContacts},
		{http.MethodGet, "/contacts/:id", person, s.showContact},
		{http.MethodGet, "/assistants", person, s.listAssistants},

		{http.MethodGet, "/settings", person, s.showSettings},
		{http.MethodGet, "/settings/api-keys", person, s.listKeys},
		{http.MethodPost, "/settings/api-keys", person, s.createKey},
		{http.MethodGet, "/settings/api-keys/new", person, s.newKey},
		{http.MethodGet, "/settings/api-keys/:id", person, s.showKey},
		{http.MethodGet, "/settings/api-keys/:id/usage/:table", person, s.sendKeyUsage},
		{http.MethodDelete, "/settings/api-keys/:id", person, s.deleteKey},
		{http.MethodGet, "/settings/api-keys/:id/revocation", person, s.askRevoke},
		{http.MethodPost, "/settings/api-keys/:id/revoke", person, s.revokeKey},
		{http.MethodGet, "/settings/api-keys/:id/deletion", person, s.askDelete},
		{http.MethodPost, "/settings/api-keys/:id/delete", person, s.deleteKey},

		{http.MethodGet, "/settings/webhooks", manager, s.listWebhooks},
		{http.MethodPost, "/settings/webhooks", manager, s.createWebhook},
		{http.MethodGet, "/settings/webhooks/new", manager, s.newWebhook},
		{http.MethodGet, "/settings/webhooks/:id", manager, s.showWebhook},
		{http.MethodPost, "/settings/webhooks/:id", manager, s.updateWebhook},
		{http.MethodGet, "/settings/webhooks/:id/edit", manager, s.editWebhook},
		{http.MethodGet, "/settings/webhooks/:id/rotation", manager, s.askRotateWebhook},
		{http.MethodPost, "/settings/webhooks/:id/secret", manager, s.rotateWebhook},
		{http.MethodGet, "/settings/webhooks/:id/deletion", manager, s.askDeleteWebhook},
		{http.MethodPost, "/settings/webhooks/:id/delete", manager, s.deleteWebhook},
		{http.MethodPost, "/settings/webhooks/:id/enable", manager, s.enableWebhook},
		{http.MethodPost, "/settings/webhooks/:id/disable", manager, s.disableWebhook},
		{http.MethodPost, "/settings/webhooks/:id/test", manager, s.testWebhook},
		{http.MethodPost, "/settings/webhooks/:id/replay", manager, s.replayFailed},
		{http.MethodPost, "/settings/webhooks/:id/deliveries/:event/replay", manager, s.replayDelivery},

		{http.MethodGet, "/settings/usage", person, s.showUsage},
		{http.MethodGet, "/settings/usage/:table", person, s.sendUsage},
		{http.MethodGet, "/settings/usage/requests", person, s.findRequest},
		{http.MethodGet, "/settings/usage/requests/:id", person, s.showRequest},

		{http.MethodGet, "/settings/team", person, s.listMembers},
		{http.MethodGet, "/settings/profile", person, s.showProfile},
		{http.MethodPost, "/settings/profile", person, s.changeProfile},
		{http.MethodGet, "/settings/security", person, s.showSecurity},
		{http.MethodPost, "/settings/security/password", person, s.changePassword},
		{http.MethodPost, "/settings/security/sessions/:id/end", person, s.endSession},

		{http.MethodGet, "/docs", anybody, s.showDocs},
		{http.MethodGet, "/openapi.json", anybody, s.serveOpenAPI},

		{http.MethodGet, "/static/:file", anybody, s.serveStatic},
		{http.MethodGet, "/favicon.ico", anybody, s.serveIcon},
		{http.MethodGet, "/healthz", anybody, s.alive},
		{http.MethodGet, "/readyz", anybody, s.ready},
	}
}

// endpoint is an API route. Its scope is what a key's role must open; one without a scope does not start, nor does one that
// does not say what comes of repeating it.
type endpoint struct {
	method  string
	path    string
	scope   db.Scope
	summary string
	serve   serve
}

// serve is how an endpoint is served: read, once, anew or stream make one, introspected and ingest change it.
type serve struct {
	hang        func(s *server, api huma.API, op huma.Operation) // a typed handler on an operation
	repeats     repeats
	introspects bool  // what the key, its person and its team are called comes along
	bodyMax     int64 // bytes; 0 is as usual
}

// repeats is what comes of a request that is sent again.
type repeats string

const (
	isRead repeats = "read" // 304 while the answer in hand still stands
	isOnce repeats = "once" // the first answer, with an Idempotency-Key
	isAnew repeats = "anew" // it is worked anew
)

func (s *server) endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/api/v1/key", db.AnyRole, "The key in use", introspected(anew, s.apiKey)},
		{http.MethodGet, "/api/v1/user", db.AnyRole, "The key's person", introspected(read, s.apiUser)},
		{http.MethodGet, "/api/v1/user/list/orgs", db.AnyRole, "The person's teams", read(s.apiTeams)},

		{http.MethodGet, "/api/v1/contact", db.ContactsRead, "Contacts, newest first", read(s.apiContacts)},
		{http.MethodGet, "/api/v1/contact/list", db.ContactsRead, "Contacts, in the legacy spelling", read(s.apiContacts)},
		{http.MethodGet, "/api/v1/contact/{contact_id}", db.ContactsRead, "One contact", read(s.apiContact)},
		{http.MethodPost, "/api/v1/contact", db.ContactsWrite, "Create a contact", once((*server).apiCreateContact)},
		{http.MethodPut, "/api/v1/contact/{contact_id}", db.ContactsWrite, "Change a contact, in part", anew(s.apiUpdateContact)},
		{http.MethodPost, "/api/v1/contact/upsert", db.ContactsWrite, "Change the contact with that e-mail or phone, or create it", once((*server).apiUpsertContact)},
		{http.MethodDelete, "/api/v1/contact/{contact_id}", db.ContactsWrite, "Delete a contact", anew(s.apiDeleteContact)},
		{http.MethodDelete, "/api/v1/contact/multiple", db.ContactsWrite, "Delete several contacts, or none", anew(s.apiDeleteContacts)},
		{http.MethodGet, "/api/v1/contact_custom_field", db.ContactsRead, "Custom fields, newest first", read(s.apiContactFields)},
		{http.MethodGet, "/api/v1/contact_custom_field/list", db.ContactsRead, "Custom fields, in the legacy spelling", read(s.apiContactFields)},
		{http.MethodPost, "/api/v1/contact_custom_field", db.ContactsWrite, "Define a custom field", once((*server).apiCreateContactField)},
		{http.MethodDelete, "/api/v1/contact_custom_field/{field_id}", db.ContactsWrite, "Delete a custom field", anew(s.apiDeleteContactField)},

		{http.MethodGet, "/api/v1/conversation", db.ConversationsRead, "Conversations of some days, newest first", read(s.apiConversations)},
		{http.MethodGet, "/api/v1/conversation/list", db.ConversationsRead, "Conversations, in the legacy spelling", read(s.apiConversations)},
		{http.MethodGet, "/api/v1/conversation/{conversation_id}", db.ConversationsRead, "One conversation", read(s.apiConversation)},
		{http.MethodGet, "/api/v1/conversation/{conversation_id}/transcript", db.ConversationsRead, "What was said in a conversation", read(s.apiTranscript)},
		{http.MethodGet, "/api/v1/conversation/by-contact/{contact_id}", db.ConversationsRead, "The conversations of a contact", read(s.apiContactConversations)},
		{http.MethodGet, "/api/v1/conversation/export", db.ConversationsRead, "All conversations of some days, as a stream", stream(serveExport)},
		{http.MethodGet, "/api/v1/conversation/counts", db.ConversationsRead, "How many conversations began on each day", read(s.apiCounts)},
		{http.MethodPost, "/api/v1/conversation", db.ConversationsWrite, "Bring a conversation", ingest(once((*server).apiCreateConversation))},
		{http.MethodPost, "/api/v1/conversation/{conversation_id}/message", db.ConversationsWrite, "Add a message to an open conversation", ingest(once((*server).apiAddMessage))},
		{http.MethodPost, "/api/v1/conversation/{conversation_id}/close", db.ConversationsWrite, "Close a conversation", ingest(once((*server).apiCloseConversation))},
		{http.MethodDelete, "/api/v1/conversation/{conversation_id}", db.ConversationsWrite, "Delete a conversation with its messages", anew(s.apiDeleteConversation)},

		{http.MethodGet, "/api/v1/assistant", db.AssistantsRead, "Assistants, newest first", read(s.apiAssistants)},
		{http.MethodGet, "/api/v1/assistant/list", db.AssistantsRead, "Assistants, in the legacy spelling", read(s.apiAssistants)},
		{http.MethodGet, "/api/v1/assistant/{assistant_id}", db.AssistantsRead, "One assistant", read(s.apiAssistant)},
		{http.MethodPost, "/api/v1/assistant", db.AssistantsWrite, "Create an assistant", anew(s.apiCreateAssistant)},
		{http.MethodPut, "/api/v1/assistant/{assistant_id}", db.AssistantsWrite, "Change an assistant, in part", anew(s.apiUpdateAssistant)},
		{http.MethodDelete, "/api/v1/assistant/{assistant_id}", db.AssistantsWrite, "Delete an assistant; its conversations stay", anew(s.apiDeleteAssistant)},

		{http.MethodGet, "/api/v1/usage", db.UsageRead, "Requests of the team's keys by hour, day or month", read(s.apiUsage)},

		{http.MethodGet, "/api/v1/widget", db.AssistantsRead, "Widgets, newest first", read(s.apiWidgets)},
		{http.MethodGet, "/api/v1/widget/list", db.AssistantsRead, "Widgets, in the legacy spelling", read(s.apiWidgets)},

		{http.MethodGet, "/api/v1/outbound_webhook", db.WebhooksManage, "Webhooks, newest first", read(s.apiWebhooks)},
		{http.MethodGet, "/api/v1/outbound_webhook/list", db.WebhooksManage, "Webhooks, in the legacy spelling", read(s.apiWebhooks)},
		{http.MethodGet, "/api/v1/outbound_webhook/{webhook_id}", db.WebhooksManage, "One webhook", read(s.apiWebhook)},
		{http.MethodPost, "/api/v1/outbound_webhook", db.WebhooksManage, "Create a webhook; answers with its secret", anew(s.apiCreateWebhook)},
		{http.MethodPut, "/api/v1/outbound_webhook/{webhook_id}", db.WebhooksManage, "Change a webhook, in part", anew(s.apiUpdateWebhook)},
		{http.MethodPost, "/api/v1/outbound_webhook/{webhook_id}/secret", db.WebhooksManage, "Rotate the secret; the one before signs too for 24 hours", anew(s.apiRotateWebhook)},
		{http.MethodDelete, "/api/v1/outbound_webhook/{webhook_id}", db.WebhooksManage, "Delete a webhook", anew(s.apiDeleteWebhook)},
		{http.MethodGet, "/api/v1/outbound_webhook/{webhook_id}/logs", db.WebhooksManage, "What was sent to a webhook in 30 days, newest first", read(s.apiDeliveries)},
	}
}

func (s *server) routes(e *echo.Echo) {
	for _, p := range s.pages() {
		s.servePage(e, p)
	}
	api := humaecho.New(e, s.apiConfig())
	s.openAPI = sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	for _, r := range s.endpoints() {
		s.serveEndpoint(api, r)
	}
}

func (s *server) servePage(e *echo.Echo, p page) {
	handle := p.handle
	switch p.who {
	case anybody:
	case person:
		handle = s.signedIn(handle)
	case manager:
		handle = s.signedIn(s.managed(handle))
	default:
		panic(p.method + " " + p.path + " does not say who may see it")
	}
	web := []echo.MiddlewareFunc{s.sameOrigin, compressed}
	e.Add(p.method, p.path, handle, web...)
	if p.method == http.MethodGet {
		e.Add(http.MethodHead, p.path, handle, web...)
	}
}

func (s *server) serveEndpoint(api huma.API, r endpoint) {
	switch {
	case r.scope == "":
		panic(r.method + " " + r.path + " names no scope")
	case r.serve.repeats == "":
		panic(r.method + " " + r.path + " does not say what comes of repeating it")
	}
	op := operation(r)
	op.MaxBodyBytes = r.serve.bodyMax
	op.Middlewares = huma.Middlewares{s.requireKey(r.scope, r.serve.introspects)}
	r.serve.hang(s, api, op)
	if r.method == http.MethodGet {
		op.Method, op.Hidden = http.MethodHead, true
		r.serve.hang(s, api, op)
	}
}
