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
		{http.MethodGet, "/conversations", !open, s.listConversations},
		{http.MethodGet, "/conversations/:id", !open, s.showConversation},
		{http.MethodGet, "/contacts", !open, s.listContacts},
		{http.MethodGet, "/contacts/:id", !open, s.showContact},
		{http.MethodGet, "/assistants", !open, s.listAssistants},

		{http.MethodGet, "/settings", !open, s.showSettings},
		{http.MethodGet, "/settings/api-keys", !open, s.listKeys},
		{http.MethodPost, "/settings/api-keys", !open, s.createKey},
		{http.MethodGet, "/settings/api-keys/new", !open, s.newKey},
		{http.MethodGet, "/settings/api-keys/:id", !open, s.showKey},
		{http.MethodGet, "/settings/api-keys/:id/usage/:table", !open, s.sendKeyUsage},
		{http.MethodDelete, "/settings/api-keys/:id", !open, s.deleteKey},
		{http.MethodGet, "/settings/api-keys/:id/revocation", !open, s.askRevoke},
		{http.MethodPost, "/settings/api-keys/:id/revoke", !open, s.revokeKey},
		{http.MethodGet, "/settings/api-keys/:id/deletion", !open, s.askDelete},
		{http.MethodPost, "/settings/api-keys/:id/delete", !open, s.deleteKey},

		{http.MethodGet, "/settings/webhooks", !open, s.managed(s.listWebhooks)},
		{http.MethodPost, "/settings/webhooks", !open, s.managed(s.createWebhook)},
		{http.MethodGet, "/settings/webhooks/new", !open, s.managed(s.newWebhook)},
		{http.MethodGet, "/settings/webhooks/:id", !open, s.managed(s.showWebhook)},
		{http.MethodPost, "/settings/webhooks/:id", !open, s.managed(s.updateWebhook)},
		{http.MethodGet, "/settings/webhooks/:id/edit", !open, s.managed(s.editWebhook)},
		{http.MethodGet, "/settings/webhooks/:id/rotation", !open, s.managed(s.askRotateWebhook)},
		{http.MethodPost, "/settings/webhooks/:id/secret", !open, s.managed(s.rotateWebhook)},
		{http.MethodGet, "/settings/webhooks/:id/deletion", !open, s.managed(s.askDeleteWebhook)},
		{http.MethodPost, "/settings/webhooks/:id/delete", !open, s.managed(s.deleteWebhook)},
		{http.MethodPost, "/settings/webhooks/:id/enable", !open, s.managed(s.enableWebhook)},
		{http.MethodPost, "/settings/webhooks/:id/disable", !open, s.managed(s.disableWebhook)},
		{http.MethodPost, "/settings/webhooks/:id/test", !open, s.managed(s.testWebhook)},
		{http.MethodPost, "/settings/webhooks/:id/replay", !open, s.managed(s.replayFailed)},
		{http.MethodPost, "/settings/webhooks/:id/deliveries/:event/replay", !open, s.managed(s.replayDelivery)},

		{http.MethodGet, "/settings/usage", !open, s.showUsage},
		{http.MethodGet, "/settings/usage/:table", !open, s.sendUsage},
		{http.MethodGet, "/settings/usage/requests", !open, s.findRequest},
		{http.MethodGet, "/settings/usage/requests/:id", !open, s.showRequest},

		{http.MethodGet, "/settings/team", !open, s.listMembers},
		{http.MethodGet, "/settings/profile", !open, s.showProfile},
		{http.MethodPost, "/settings/profile", !open, s.changeProfile},
		{http.MethodGet, "/settings/security", !open, s.showSecurity},
		{http.MethodPost, "/settings/security/password", !open, s.changePassword},
		{http.MethodPost, "/settings/security/sessions/:id/end", !open, s.endSession},

		{http.MethodGet, "/docs", open, s.showDocs},
		{http.MethodGet, "/openapi.json", open, s.serveOpenAPI},

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
		{http.MethodGet, "/api/v1/user", db.AnyRole, "The key's person", read(s.apiUser)},
		{http.MethodGet, "/api/v1/user/list/orgs", db.AnyRole, "The person's teams", read(s.apiTeams)},

		{http.MethodGet, "/api/v1/contact", db.ContactsRead, "Contacts, newest first", read(s.apiContacts)},
		{http.MethodGet, "/api/v1/contact/list", db.ContactsRead, "Contacts, in the legacy spelling", read(s.apiContacts)},
		{http.MethodGet, "/api/v1/contact/{contact_id}", db.ContactsRead, "One contact", read(s.apiContact)},
		{http.MethodPost, "/api/v1/contact", db.ContactsWrite, "Create a contact", once((*server).apiCreateContact)},
		{http.MethodPut, "/api/v1/contact/{contact_id}", db.ContactsWrite, "Change a contact, in part", handle(s.apiUpdateContact)},
		{http.MethodPost, "/api/v1/contact/upsert", db.ContactsWrite, "Change the contact with that e-mail or phone, or create it", once((*server).apiUpsertContact)},
		{http.MethodDelete, "/api/v1/contact/{contact_id}", db.ContactsWrite, "Delete a contact", handle(s.apiDeleteContact)},
		{http.MethodDelete, "/api/v1/contact/multiple", db.ContactsWrite, "Delete several contacts, or none", handle(s.apiDeleteContacts)},
		{http.MethodGet, "/api/v1/contact_custom_field", db.ContactsRead, "Custom fields, newest first", read(s.apiContactFields)},
		{http.MethodGet, "/api/v1/contact_custom_field/list", db.ContactsRead, "Custom fields, in the legacy spelling", read(s.apiContactFields)},
		{http.MethodPost, "/api/v1/contact_custom_field", db.ContactsWrite, "Define a custom field", once((*server).apiCreateContactField)},
		{http.MethodDelete, "/api/v1/contact_custom_field/{field_id}", db.ContactsWrite, "Delete a custom field", handle(s.apiDeleteContactField)},

		{http.MethodGet, "/api/v1/conversation", db.ConversationsRead, "Conversations of some days, newest first", read(s.apiConversations)},
		{http.MethodGet, "/api/v1/conversation/list", db.ConversationsRead, "Conversations, in the legacy spelling", read(s.apiConversations)},
		{http.MethodGet, "/api/v1/conversation/{conversation_id}", db.ConversationsRead, "One conversation", read(s.apiConversation)},
		{http.MethodGet, "/api/v1/conversation/{conversation_id}/transcript", db.ConversationsRead, "What was said in a conversation", read(s.apiTranscript)},
		{http.MethodGet, "/api/v1/conversation/by-contact/{contact_id}", db.ConversationsRead, "The conversations of a contact", read(s.apiContactConversations)},
		{http.MethodGet, "/api/v1/conversation/export", db.ConversationsRead, "All conversations of some days, as a stream", serveExport},
		{http.MethodGet, "/api/v1/conversation/counts", db.ConversationsRead, "How many conversations began on each day", read(s.apiCounts)},
		{http.MethodPost, "/api/v1/conversation", db.ConversationsWrite, "Bring a conversation", ingest(once((*server).apiCreateConversation))},
		{http.MethodPost, "/api/v1/conversation/{conversation_id}/message", db.ConversationsWrite, "Add a message to an open conversation", ingest(once((*server).apiAddMessage))},
		{http.MethodPost, "/api/v1/conversation/{conversation_id}/close", db.ConversationsWrite, "Close a conversation", ingest(once((*server).apiCloseConversation))},
		{http.MethodDelete, "/api/v1/conversation/{conversation_id}", db.ConversationsWrite, "Delete a conversation with its messages", handle(s.apiDeleteConversation)},

		{http.MethodGet, "/api/v1/assistant", db.AssistantsRead, "Assistants, newest first", read(s.apiAssistants)},
		{http.MethodGet, "/api/v1/assistant/list", db.AssistantsRead, "Assistants, in the legacy spelling", read(s.apiAssistants)},
		{http.MethodGet, "/api/v1/assistant/{assistant_id}", db.AssistantsRead, "One assistant", read(s.apiAssistant)},
		{http.MethodPost, "/api/v1/assistant", db.AssistantsWrite, "Create an assistant", handle(s.apiCreateAssistant)},
		{http.MethodPut, "/api/v1/assistant/{assistant_id}", db.AssistantsWrite, "Change an assistant, in part", handle(s.apiUpdateAssistant)},
		{http.MethodDelete, "/api/v1/assistant/{assistant_id}", db.AssistantsWrite, "Delete an assistant; its conversations stay", handle(s.apiDeleteAssistant)},

		{http.MethodGet, "/api/v1/usage", db.UsageRead, "Requests of the team's keys by hour, day or month", read(s.apiUsage)},

		{http.MethodGet, "/api/v1/widget", db.AssistantsRead, "Widgets, newest first", read(s.apiWidgets)},
		{http.MethodGet, "/api/v1/widget/list", db.AssistantsRead, "Widgets, in the legacy spelling", read(s.apiWidgets)},

		{http.MethodGet, "/api/v1/outbound_webhook", db.WebhooksManage, "Webhooks, newest first", read(s.apiWebhooks)},
		{http.MethodGet, "/api/v1/outbound_webhook/list", db.WebhooksManage, "Webhooks, in the legacy spelling", read(s.apiWebhooks)},
		{http.MethodGet, "/api/v1/outbound_webhook/{webhook_id}", db.WebhooksManage, "One webhook", read(s.apiWebhook)},
		{http.MethodPost, "/api/v1/outbound_webhook", db.WebhooksManage, "Create a webhook; answers with its secret", handle(s.apiCreateWebhook)},
		{http.MethodPut, "/api/v1/outbound_webhook/{webhook_id}", db.WebhooksManage, "Change a webhook, in part", handle(s.apiUpdateWebhook)},
		{http.MethodPost, "/api/v1/outbound_webhook/{webhook_id}/secret", db.WebhooksManage, "Rotate the secret; the one before signs too for 24 hours", handle(s.apiRotateWebhook)},
		{http.MethodDelete, "/api/v1/outbound_webhook/{webhook_id}", db.WebhooksManage, "Delete a webhook", handle(s.apiDeleteWebhook)},
		{http.MethodGet, "/api/v1/outbound_webhook/{webhook_id}/logs", db.WebhooksManage, "What was sent to a webhook in 30 days, newest first", read(s.apiDeliveries)},
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
	s.openAPI = sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	for _, r := range s.endpoints() {
		if r.scope == "" {
			panic(r.method + " " + r.path + " names no scope")
		}
		op := operation(r)
		op.Middlewares = huma.Middlewares{s.requireKey(r.scope)}
		r.serve(s, api, op)
		if r.method == http.MethodGet {
			op.Method, op.Hidden = http.MethodHead, true
			r.serve(s, api, op)
		}
	}
}
