package handlers

import (
	"cmp"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

const apiPrefix = "/api/v1/"

// serveOpenAPI gives the document that describes the API, made from the types of the endpoints.
func (s *server) serveOpenAPI(c echo.Context) error {
	document, err := s.openAPI()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.JSONBlob(http.StatusOK, document)
}

// document is the part of the OpenAPI document that stands before the first endpoint.
func (s *server) document() *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	for t, shown := range shownAs {
		schemas.RegisterTypeAlias(t, shown)
	}
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Insighto API", Version: "1",
			Description: "Reads and writes a team's conversations and contacts. Every request carries a key in its address, as api_key; make one under Settings → API Keys. Recipes, error codes and paging are explained at " + s.BaseURL + "/docs.",
		},
		Servers: []*huma.Server{{URL: s.BaseURL}},
		Tags:    tags,
		Components: &huma.Components{
			Schemas: schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{"apiKey": {
				Type: "apiKey", In: "query", Name: "api_key",
				Description: "in- and 43 letters and digits, once, in the address. A header, a cookie or a body with a key answers 401.",
			}},
		},
		OnAddOperation: []huma.AddOpFunc{finish, s.limitHeaders},
	}
}

// tags are the nouns of the API, in the order in which the docs show them.
var tags = []*huma.Tag{
	{Name: "Conversations", Description: "What contacts and assistants said to each other."},
	{Name: "Contacts", Description: "The people who talk to the assistants."},
	{Name: "Custom fields", Description: "What a team keeps of its contacts besides."},
	{Name: "Assistants", Description: "Who answers, and the widgets that people meet them in."},
	{Name: "Webhooks", Description: "Where events are sent, and what became of them."},
	{Name: "Key and person", Description: "What a key is, and whose."},
}

var tagOf = map[string]string{
	"conversation": "Conversations", "contact": "Contacts", "contact_custom_field": "Custom fields",
	"assistant": "Assistants", "widget": "Assistants", "outbound_webhook": "Webhooks", "key": "Key and person", "user": "Key and person",
}

// operation describes an endpoint; what depends on its types is added by finish.
func operation(r endpoint) huma.Operation {
	noun, _, _ := strings.Cut(strings.TrimPrefix(r.path, apiPrefix), "/")
	id := operationID(r.method, r.path)
	words := "Every key may use it."
	errors := []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if r.scope != db.AnyRole {
		words = "Needs a key whose role has the scope `" + string(r.scope) + "`."
		errors = append(errors, http.StatusForbidden)
	}
	if strings.Contains(r.path, "{") {
		errors = append(errors, http.StatusNotFound)
	}
	return huma.Operation{
		OperationID: id,
		Method:      r.method,
		Path:        r.path,
		Tags:        []string{cmp.Or(tagOf[noun], noun)},
		Summary:     r.summary,
		Description: words,
		Deprecated:  strings.HasSuffix(r.path, "/list"),
		Security:    []map[string][]string{{"apiKey": {}}},
		Errors:      append(errors, alsoAnswers[id]...),
		Extensions:  map[string]any{"x-required-scope": string(r.scope)},
	}
}

// alsoAnswers are the statuses of an operation that do not follow from its method and path.
var alsoAnswers = map[string][]int{
	"createContact":            {http.StatusConflict},
	"updateContact":            {http.StatusConflict},
	"upsertContact":            {http.StatusConflict},
	"deleteContacts":           {http.StatusNotFound},
	"createContactCustomField": {http.StatusConflict},
	"addMessage":               {http.StatusConflict},
}

// operationID names an endpoint as generated clients call it: listContacts, getContact, deleteContacts.
func operationID(method, path string) string {
	path = strings.TrimPrefix(path, apiPrefix)
	if name, ok := operationNames[method+" "+path]; ok {
		return name
	}
	parts := strings.Split(path, "/")
	noun, rest := camel(parts[0]), ""
	for _, part := range parts[1:] {
		if !strings.Contains(part, "{") {
			rest += camel(part)
		}
	}
	one := strings.Contains(path, "{")
	switch {
	case rest == "List":
		return "list" + noun + "sLegacy"
	case method == http.MethodGet && rest == "" && !one:
		return "list" + noun + "s"
	case method == http.MethodGet:
		return "get" + noun + rest
	}
	return verbs[method] + noun + rest
}

var verbs = map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodDelete: "delete"}

// operationNames are the operations whose path does not read as their name.
var operationNames = map[string]string{
	"GET key":            "getKey",
	"GET user":           "getUser",
	"GET user/list/orgs": "listTeams",

	"POST contact/upsert":     "upsertContact",
	"DELETE contact/multiple": "deleteContacts",

	"GET conversation/by-contact/{contact_id}":    "listConversationsByContact",
	"GET conversation/export":                     "exportConversations",
	"GET conversation/counts":                     "countConversations",
	"POST conversation/{conversation_id}/message": "addMessage",
	"POST conversation/{conversation_id}/close":   "closeConversation",

	"POST outbound_webhook/{webhook_id}/secret": "rotateOutboundWebhookSecret",
	"GET outbound_webhook/{webhook_id}/logs":    "listOutboundWebhookLogs",
}

func camel(text string) string {
	var name string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == '_' || r == '-' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// schemaName names a type for its readers: wireContact is Contact, a page of them ContactPage, an answer with those
// ContactPageAnswer.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	parts := strings.FieldsFunc(strings.ReplaceAll(cmp.Or(t.Name(), hint), "[]", "list["), func(r rune) bool { return strings.ContainsRune("[]*,", r) })
	slices.Reverse(parts)
	var name string
	for _, part := range parts {
		part = strings.TrimPrefix(part[strings.LastIndex(part, ".")+1:], "wire")
		switch part {
		case "items":
			part = "Page"
		case "envelope":
			part = "Answer"
		}
		name += camel(part)
	}
	return name
}

// finish adds to an operation what is known once its types are: the answers to a body, and which codes each has.
func finish(document *huma.OpenAPI, op *huma.Operation) {
	problem := document.Components.Schemas.Schema(reflect.TypeFor[problem](), true, "")
	if op.RequestBody != nil {
		for _, status := range []int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType} {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Content: map[string]*huma.MediaType{echo.MIMEApplicationJSON: {Schema: problem}}}
		}
	}
	if op.Responses["304"] != nil {
		tag := header("ETag", "For If-None-Match, the next time.", huma.TypeString)
		op.Responses["200"].Headers, op.Responses["304"].Headers = tag, tag
	}
	for name, response := range op.Responses {
		status, err := strconv.Atoi(name)
		if err != nil || status < 400 {
			continue
		}
		response.Description = "`" + strings.ReplaceAll(codesOf(status), " or ", "` or `") + "`"
		switch status {
		case http.StatusUnauthorized:
			response.Headers = header("WWW-Authenticate", "How to send a key.", huma.TypeString)
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			response.Headers = header("Retry-After", "Seconds to wait before the next try.", huma.TypeInteger)
		}
	}
}

func header(name, words, kind string) map[string]*huma.Param {
	return map[string]*huma.Param{name: {Description: words, Schema: &huma.Schema{Type: kind}}}
}

// limitHeaders adds what every answer to a known key says of its limits; see setLimitHeaders.
func (s *server) limitHeaders(_ *huma.OpenAPI, op *huma.Operation) {
	if s.Limits == nil {
		return
	}
	for status, response := range op.Responses {
		switch status {
		case "400", "401", "500", "503": // perhaps the key was not known yet
			continue
		}
		all := header("RateLimit", "What is left: requests (r) and for how many seconds that holds (t).", huma.TypeString)
		maps.Copy(all, header("RateLimit-Policy", "The limits: requests (q) in so many seconds (w).", huma.TypeString))
		maps.Copy(all, response.Headers)
		response.Headers = all
	}
}

// TransformSchema tells of what detail and code are, which their Go types do not.
func (*problem) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	wrong := &huma.Schema{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[detail](), true, "")}
	s.Properties["detail"] = &huma.Schema{
		Description: "What to do next. For code invalid, a list of what is wrong where.",
		OneOf:       []*huma.Schema{{Type: huma.TypeString}, wrong},
	}
	for _, c := range codes {
		s.Properties["code"].Enum = append(s.Properties["code"].Enum, c.name)
	}
	return s
}

// shownAs are the types that stand for others in the document.
var shownAs = map[reflect.Type]reflect.Type{
	reflect.TypeFor[updatedContact]():    reflect.TypeFor[wireContact](), // huma does not look into what they embed
	reflect.TypeFor[updatedAssistant]():  reflect.TypeFor[wireAssistant](),
	reflect.TypeFor[archive.Line]():      reflect.TypeFor[archiveLine](), // package archive knows nothing of OpenAPI
	reflect.TypeFor[archive.Assistant](): reflect.TypeFor[archiveAssistant](),
	reflect.TypeFor[archive.Widget]():    reflect.TypeFor[archiveWidget](),
	reflect.TypeFor[archive.Contact]():   reflect.TypeFor[archiveContact](),
	reflect.TypeFor[archive.Message]():   reflect.TypeFor[wireMessage](),
	reflect.TypeFor[archive.Object]():    reflect.TypeFor[wireObject](),
}

type (
	archiveLine      archive.Line
	archiveAssistant archive.Assistant
	archiveWidget    archive.Widget
	archiveContact   archive.Contact
	wireMessage      archive.Message
	wireObject       archive.Object
)

// Schema tells OpenAPI that it is an object.
func (wireObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// TransformSchema tells what a webhook is besides its secret: huma does not look into what is embedded, and here an alias
// would leave the secret out.
func (wireSecretWebhook) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	webhook := huma.SchemaFromType(r, reflect.TypeFor[wireWebhook]())
	maps.Copy(s.Properties, webhook.Properties)
	s.Required = append(s.Required, webhook.Required...)
	return s
}

// TransformSchema tells that data_sources is a list or null.
func (wireMessage) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["data_sources"] = &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{}, Nullable: true}
	return s
}
