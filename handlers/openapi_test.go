package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
	"github.com/insighto/insighto/handlers/handlertest"
)

// paper is the OpenAPI document, as a client reads it.
type paper struct {
	t   testing.TB
	doc map[string]any
}

// written is one operation of it.
type written struct {
	id, method, path string
	scope            db.Scope
	op               map[string]any
}

func (w *world) paper() paper {
	w.T.Helper()
	rec := w.Do("GET", "/openapi.json", "")
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/json" || rec.Header().Get("Cache-Control") != "no-cache" {
		w.T.Fatalf("got %d %v", rec.Code, rec.Header())
	}
	return paper{w.T, decode(w.T, rec)}
}

// operations are all of the document, those that delete last.
func (p paper) operations() []written {
	var list []written
	paths := p.doc["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for method, op := range paths[path].(map[string]any) {
			op := op.(map[string]any)
			list = append(list, written{op["operationId"].(string), strings.ToUpper(method), path, db.Scope(op["x-required-scope"].(string)), op})
		}
	}
	last := map[string]int{"GET": 0, "POST": 1, "PUT": 2, "DELETE": 3}
	slices.SortStableFunc(list, func(a, b written) int { return last[a.method] - last[b.method] })
	return list
}

func (o written) parameters() []map[string]any {
	var list []map[string]any
	all, _ := o.op["parameters"].([]any)
	for _, p := range all {
		list = append(list, p.(map[string]any))
	}
	return list
}

// body is the schema of the request's body, or nil.
func (o written) body() map[string]any {
	body, _ := o.op["requestBody"].(map[string]any)
	if body == nil {
		return nil
	}
	return body["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
}

// statuses are those that an operation is documented to answer.
func (o written) statuses() []string {
	return slices.Sorted(maps.Keys(o.op["responses"].(map[string]any)))
}

// known are values that fit the rows of filled, by the name of a parameter or member.
var known = map[string]string{
	"contact_id": zoe, "conversation_id": conversationID(0), "assistant_id": claims, "widget_id": widget,
	"webhook_id": missing,
	"date_from":  "2026-11-01", "date_to": "2026-11-30",
}

// bodies are what is sent where a document's required members are not enough.
var bodies = map[string]string{
	"createContact":   `{"email":"new@example.com","phone_number":"+4930901820"}`,
	"upsertContact":   `{"email":"dev@example.com"}`,
	"updateContact":   `{"last_name":"Novak"}`,
	"deleteContacts":  `{"contact_ids":["` + dev + `"]}`,
	"createAssistant": `{"name":"Third"}`,
	"updateAssistant": `{"description":"Claims and nothing else"}`,
	"addMessage":      `{"sender_type":"user","text":"Hello?"}`,

	"createOutboundWebhook": `{"endpoint":"https://example.com/hook","name":"CRM"}`,
}

// ask sends an operation's request, with values for "query.page" and the like in place of the right ones.
func (w *world) ask(o written, secret string, instead map[string]string) *httptest.ResponseRecorder {
	w.T.Helper()
	path, query := o.path, url.Values{}
	headers := []string{}
	for _, p := range o.parameters() {
		name, in := p["name"].(string), p["in"].(string)
		value, given := instead[in+"."+name]
		if !given && p["required"] == true {
			value, given = known[name]
			if !given {
				w.T.Fatalf("%s needs %s %s: give it a value in known", o.id, in, name)
			}
		}
		switch {
		case in == "path":
			path = strings.Replace(path, "{"+name+"}", url.PathEscape(value), 1)
		case given && in == "query":
			query.Set(name, value)
		case given:
			headers = append(headers, name, value)
		}
	}
	if secret != "" {
		query["api_key"] = strings.Fields(secret)
	}
	body := ""
	if o.body() != nil {
		body = w.paper().sample(o)
		headers = append(headers, "Content-Type", "application/json")
	}
	if other, given := instead["body"]; given {
		body = other
	}
	if kind, given := instead["Content-Type"]; given {
		headers = []string{"Content-Type", kind}
	}
	return w.Do(o.method, path+"?"+query.Encode(), body, headers...)
}

// sample is a body that an operation takes.
func (p paper) sample(o written) string {
	if body, given := bodies[o.id]; given {
		return body
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(p.value("", o.body())); err != nil {
		p.t.Fatal(err)
	}
	return b.String()
}

// value makes a value of a schema, with the members that must be there.
func (p paper) value(name string, schema map[string]any) any {
	schema = p.resolve(schema)
	if text, ok := known[name]; ok {
		return text
	}
	if enum, ok := schema["enum"].([]any); ok {
		return enum[0]
	}
	switch schema["type"] {
	case "object":
		object := map[string]any{}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			object[name.(string)] = p.value(name.(string), schema["properties"].(map[string]any)[name.(string)].(map[string]any))
		}
		return object
	case "array":
		return []any{p.value(name, schema["items"].(map[string]any))}
	case "integer", "number":
		return 1
	case "boolean":
		return true
	}
	if schema["format"] == "date-time" {
		return "2026-11-20T08:00:00Z"
	}
	return "text"
}

// wrong is a value that a schema refuses, or nothing when it takes every text.
func wrong(p map[string]any) (string, bool) {
	schema := p["schema"].(map[string]any)
	length, limited := schema["maxLength"].(float64)
	switch {
	case schema["pattern"] != nil:
		return "a b", true
	case limited:
		return strings.Repeat("x", int(length)+1), true
	case p["in"] == "header" && schema["enum"] == nil && schema["format"] == nil && schema["type"] == "string":
		return "", false
	}
	return "nonsense", true
}

// answered holds an answer against the document: its status, its headers, and its body to the last member.
func (p paper) answered(o written, rec *httptest.ResponseRecorder) {
	p.t.Helper()
	status := fmt.Sprint(rec.Code)
	response, documented := o.op["responses"].(map[string]any)[status].(map[string]any)
	if !documented {
		p.t.Errorf("%s answers %s, which is not documented: %.300s", o.id, status, rec.Body)
		return
	}
	headers, _ := response["headers"].(map[string]any)
	for name := range headers {
		if rec.Header().Get(name) == "" {
			p.t.Errorf("%s answers %s without the documented %s", o.id, status, name)
		}
	}
	content, _ := response["content"].(map[string]any)
	if content == nil {
		if rec.Body.Len() > 0 {
			p.t.Errorf("%s answers %s with a body that is not documented: %.300s", o.id, status, rec.Body)
		}
		return
	}
	kind, _, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
	media, ok := content[kind].(map[string]any)
	if !ok {
		p.t.Errorf("%s answers %s as %q, which is not documented", o.id, status, kind)
		return
	}
	schema := media["schema"].(map[string]any)
	if kind == "application/x-ndjson" {
		for line := range strings.Lines(rec.Body.String()) {
			p.holds(o, schema, line)
		}
	} else if strings.HasPrefix(kind, "application/json") {
		p.holds(o, schema, rec.Body.String())
	}
}

func (p paper) holds(o written, schema map[string]any, text string) {
	p.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		p.t.Errorf("%s: %v in %.300s", o.id, err, text)
		return
	}
	for _, found := range p.unlike(schema, v, "") {
		p.t.Errorf("%s: %s in %.500s", o.id, found, text)
	}
}

func (p paper) resolve(schema map[string]any) map[string]any {
	for {
		ref, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		schema, ok = p.doc["components"].(map[string]any)["schemas"].(map[string]any)[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
		if !ok {
			p.t.Fatalf("%s is nowhere", ref)
		}
	}
}

var formats = map[string]func(string) bool{
	"uuid":      db.IsID,
	"date":      func(text string) bool { _, err := time.Parse(time.DateOnly, text); return err == nil },
	"date-time": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$`).MatchString,
	"uri":       func(text string) bool { _, err := url.Parse(text); return err == nil },
}

// unlike tells in what a value is not as a schema says. It refuses keywords that it does not know, so that nothing
// passes unseen.
func (p paper) unlike(schema map[string]any, v any, at string) (found []string) {
	schema = p.resolve(schema)
	add := func(format string, args ...any) { found = append(found, at+": "+fmt.Sprintf(format, args...)) }
	if !isOf(schema["type"], v) {
		add("%v is no %v", v, schema["type"])
		return found
	}
	for keyword, rule := range schema {
		switch keyword {
		case "type", "description", "default", "examples", "properties", "minItems", "maxItems", "minLength":
		case "enum":
			if !slices.Contains(rule.([]any), v) {
				add("%v is none of %v", v, rule)
			}
		case "format":
			text, isText := v.(string)
			if fits, ok := formats[rule.(string)]; isText && (!ok || !fits(text)) {
				add("%q is no %v", text, rule)
			}
		case "maxLength":
			if text, _ := v.(string); len([]rune(text)) > int(rule.(float64)) {
				add("%q is too long", text)
			}
		case "minimum", "maximum":
			n, _ := v.(float64)
			if limit := rule.(float64); keyword == "minimum" && n < limit || keyword == "maximum" && n > limit {
				add("%v is beyond %v", n, limit)
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				found = append(found, p.unlike(rule.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "required":
			object, _ := v.(map[string]any)
			for _, name := range rule.([]any) {
				if _, there := object[name.(string)]; !there {
					add("%v is missing", name)
				}
			}
		case "additionalProperties":
			found = append(found, p.unlikeMembers(schema, v, at)...)
		case "oneOf":
			fits := 0
			for _, one := range rule.([]any) {
				if len(p.unlike(one.(map[string]any), v, at)) == 0 {
					fits++
				}
			}
			if fits != 1 {
				add("%v fits %d of %v", v, fits, rule)
			}
		default:
			add("the test does not know the keyword %s", keyword)
		}
	}
	return found
}

// unlikeMembers goes through an object: each member is documented, to the letter, or allowed as an additional one.
func (p paper) unlikeMembers(schema map[string]any, v any, at string) (found []string) {
	object, _ := v.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	for name, member := range object {
		at := at + "." + name
		if property, ok := properties[name].(map[string]any); ok {
			found = append(found, p.unlike(property, member, at)...)
		} else if other, ok := schema["additionalProperties"].(map[string]any); ok {
			found = append(found, p.unlike(other, member, at)...)
		} else if schema["additionalProperties"] != true {
			found = append(found, at+" is not documented")
		}
	}
	return found
}

func isOf(kind, v any) bool {
	if kinds, ok := kind.([]any); ok {
		return slices.ContainsFunc(kinds, func(kind any) bool { return isOf(kind, v) })
	}
	switch v := v.(type) {
	case nil:
		return kind == nil || kind == "null"
	case bool:
		return kind == nil || kind == "boolean"
	case float64:
		return kind == nil || kind == "number" || kind == "integer" && v == float64(int64(v))
	case string:
		return kind == nil || kind == "string"
	case []any:
		return kind == nil || kind == "array"
	}
	return kind == nil || kind == "object"
}

func TestOpenAPIReads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		w := newWorld(t, store)
		p := w.paper()
		if p.doc["openapi"] != "3.1.0" || fmt.Sprint(p.doc["servers"]) != "[map[url:http://localhost:8080]]" {
			t.Errorf("got %v at %v", p.doc["openapi"], p.doc["servers"])
		}
		scheme := p.doc["components"].(map[string]any)["securitySchemes"].(map[string]any)["apiKey"].(map[string]any)
		if scheme["type"] != "apiKey" || scheme["in"] != "query" || scheme["name"] != "api_key" {
			t.Errorf("the key is described as %v", scheme)
		}
		name := regexp.MustCompile(`^[a-z]+[A-Za-z]*$`)
		for _, o := range p.operations() {
			if !name.MatchString(o.id) || o.op["summary"] == "" || !strings.Contains(o.op["description"].(string)+"every key", string(o.scope)) && o.scope != db.AnyRole ||
				fmt.Sprint(o.op["security"]) != "[map[apiKey:[]]]" || len(o.op["tags"].([]any)) != 1 {
				t.Errorf("%s %s reads %v", o.method, o.path, o.op)
			}
			for _, parameter := range o.parameters() {
				if text, _ := parameter["description"].(string); text == "" {
					t.Errorf("%s does not say what %s is", o.id, parameter["name"])
				}
			}
		}
		for name := range p.doc["components"].(map[string]any)["schemas"].(map[string]any) {
			if strings.ContainsAny(name, "[]*.") || strings.Contains(name, "Wire") {
				t.Errorf("the schema %s has no readable name", name)
			}
		}
	})
}

func TestOpenAPIHolds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Handler, _ = w.limited(w.Store, 1_000_000, time.Now)
		w.filled(4)
		_, secret := w.Key(w.Ada, "full_access")
		field, err := w.Store.CreateContactField(context.Background(), w.Ada, "tier", "string")
		if err != nil {
			t.Fatal(err)
		}
		known := maps.Clone(known)
		known["field_id"] = field.ID
		hook, _, err := w.Store.CreateWebhook(context.Background(), w.Ada, db.NewWebhook{Name: "CRM", Endpoint: "https://example.com"}, handlertest.Outside().Check)
		if err != nil {
			t.Fatal(err)
		}
		known["webhook_id"] = hook.ID
		p := w.paper()
		with := func(o written, instead map[string]string) map[string]string {
			all := maps.Clone(instead)
			for _, parameter := range o.parameters() {
				in, name := parameter["in"].(string), parameter["name"].(string)
				if _, given := instead[in+"."+name]; !given && in == "path" {
					all[in+"."+name] = known[name]
				}
			}
			if _, given := instead["path.conversation_id"]; o.id == "addMessage" && !given {
				all["path.conversation_id"] = conversationID(3) // still open
			}
			return all
		}
		for _, o := range p.operations() {
			said := map[string]bool{}
			say := func(want int, rec *httptest.ResponseRecorder) {
				t.Helper()
				said[fmt.Sprint(rec.Code)] = true
				if rec.Code != want {
					t.Errorf("%s: got %d %.300s, want %d", o.id, rec.Code, rec.Body, want)
				}
				p.answered(o, rec)
			}
			for _, parameter := range o.parameters() {
				value, can := wrong(parameter)
				if !can {
					continue
				}
				in, name := parameter["in"].(string), parameter["name"].(string)
				rec := w.ask(o, secret, with(o, map[string]string{in + "." + name: value}))
				say(422, rec)
				if want := `"loc":["` + in + `","` + name + `"]`; !strings.Contains(rec.Body.String(), want) {
					t.Errorf("%s: got %s, want it to tell of %s", o.id, rec.Body, want)
				}
			}
			say(400, w.ask(o, secret+" "+secret, with(o, map[string]string{})))
			say(401, w.ask(o, "", with(o, map[string]string{})))
			for _, role := range db.Roles {
				if !role.Opens(o.scope) {
					_, narrow := w.Key(w.Ada, role.ID)
					say(403, w.ask(o, narrow, with(o, map[string]string{})))
				}
			}
			absent := map[string]string{}
			for _, parameter := range o.parameters() {
				if parameter["in"] == "path" {
					absent["path."+parameter["name"].(string)] = missing
				}
			}
			if len(absent) > 0 {
				say(404, w.ask(o, secret, absent))
			}
			if o.id == "deleteContacts" {
				say(404, w.ask(o, secret, map[string]string{"body": `{"contact_ids":["` + missing + `"]}`}))
			}
			if o.body() != nil {
				say(422, w.ask(o, secret, with(o, map[string]string{"body": "[]"})))
				say(413, w.ask(o, secret, with(o, map[string]string{"body": `{"x":"` + strings.Repeat("x", 10<<20) + `"}`})))
				say(415, w.ask(o, secret, with(o, map[string]string{"Content-Type": "text/plain", "body": "{}"})))
			}
			rec := w.ask(o, secret, with(o, map[string]string{}))
			say(200, rec)
			if slices.Contains(o.statuses(), "304") {
				say(304, w.ask(o, secret, with(o, map[string]string{"header.If-None-Match": rec.Header().Get("ETag")})))
			}
			if change, ok := conflicts[o.id]; ok {
				say(409, change(w, secret, func(body string) *httptest.ResponseRecorder {
					return w.ask(o, secret, with(o, map[string]string{"body": body}))
				}))
			}
			elsewhere := []string{"429", "500", "503"} // TestOpenAPITrouble
			for _, status := range o.statuses() {
				if !said[status] && !slices.Contains(elsewhere, status) {
					t.Errorf("%s never answers %s, which is documented", o.id, status)
				}
			}
			for _, status := range elsewhere {
				if !slices.Contains(o.statuses(), status) {
					t.Errorf("%s does not document %s", o.id, status)
				}
			}
		}
	})
}

// conflicts are how each operation comes to answer 409, after it was asked once.
var conflicts = map[string]func(w *world, secret string, again func(body string) *httptest.ResponseRecorder) *httptest.ResponseRecorder{
	"createContact": func(_ *world, _ string, again func(string) *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		return again(bodies["createContact"])
	},
	"updateContact": func(_ *world, _ string, again func(string) *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		return again(`{"email":"dev@example.com"}`)
	},
	"upsertContact": func(_ *world, _ string, again func(string) *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		return again(`{"email":"dev@example.com","phone_number":"+15551000220"}`)
	},
	"createContactCustomField": func(_ *world, _ string, again func(string) *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		return again(`{"custom_field_name":"tier","custom_field_type":"string"}`)
	},
	"addMessage": func(w *world, secret string, again func(string) *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		data(w.T, w.send("POST", "/api/v1/conversation/"+conversationID(3)+"/close", secret, ""))
		return again(`{"sender_type":"user","text":"Hello?"}`)
	},
}

func TestOpenAPITrouble(t *testing.T) {
	trouble := map[int]func(t *testing.T, w *world, target, secret string){
		429: func(_ *testing.T, w *world, _, secret string) {
			w.Handler, _ = w.limited(w.Store, 1, time.Now)
			w.Get("/api/v1/key", secret)
		},
		500: func(t *testing.T, _ *world, target, _ string) {
			if _, err := dbtest.Handle(t, target).Exec("ALTER TABLE keys RENAME TO lost"); err != nil {
				t.Fatal(err)
			}
		},
		503: func(t *testing.T, _ *world, target, _ string) {
			if !db.IsPostgres(target) {
				t.Skip("nobody can make the readers of a file wait")
			}
			tx, err := dbtest.Handle(t, target).Begin()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = tx.Rollback() })
			if _, err := tx.Exec("LOCK TABLE keys IN ACCESS EXCLUSIVE MODE"); err != nil {
				t.Fatal(err)
			}
		},
	}
	for status, makeTrouble := range trouble {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			dbtest.EachTarget(t, func(t *testing.T, target string) {
				now := time.Now()
				w := newWorld(t, dbtest.Open(t, target, func() time.Time { return now })) // so that no minute of a limit ends
				_, secret := w.Key(w.Ada, "full_access")
				makeTrouble(t, w, target, secret)
				p := w.paper()
				var all sync.WaitGroup
				for _, o := range p.operations() {
					all.Go(func() {
						rec := w.ask(o, secret, map[string]string{"path.field_id": missing})
						if rec.Code != status {
							t.Errorf("%s: got %d %s, want %d", o.id, rec.Code, rec.Body, status)
						}
						p.answered(o, rec)
					})
				}
				all.Wait()
			})
		})
	}
}
