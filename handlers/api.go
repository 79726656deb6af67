package handlers

import (
	"context"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// envelope is around every success.
type envelope[T any] struct {
	Message string `json:"message"`
	Meta    meta   `json:"meta"`
	Data    T      `json:"data"`
}

func (e envelope[T]) appendJSON(b []byte) ([]byte, error) {
	m := archive.WriteObject(b)
	m.Text("message", e.Message)
	m.Name("meta")
	meta := archive.WriteObject(m.Bytes)
	meta.Given("next_cursor", e.Meta.NextCursor)
	m.Bytes = meta.End()
	m.Name("data")
	var err error
	m.Bytes, err = appendValue(m.Bytes, e.Data)
	return m.End(), err
}

// meta is beside the data. NextCursor is for the parameter after of the next request, when more rows follow.
type meta struct {
	NextCursor string `json:"next_cursor,omitempty"`
}

// around is implemented by data that has something to say in its envelope.
type around interface {
	envelope() (message string, m meta)
}

type answer[T any] struct {
	Body envelope[T]
}

// items is one page of a list.
type items[T any] struct {
	Items        []T    `json:"items"`
	Total        int64  `json:"total"`
	Page         int64  `json:"page"`
	Size         int64  `json:"size"`
	Pages        int64  `json:"pages"`
	PreviousPage *int64 `json:"previous_page" nullable:"true"`
	NextPage     *int64 `json:"next_page" nullable:"true"`

	next db.Cursor
}

func (i *items[T]) envelope() (string, meta) { return "", meta{NextCursor: i.next.String()} }

func (i *items[T]) appendJSON(b []byte) ([]byte, error) {
	m := archive.WriteObject(b)
	m.Name("items")
	var err error
	if m.Bytes, err = appendArray(m.Bytes, i.Items); err != nil {
		return b, err
	}
	m.Number("total", i.Total)
	m.Number("page", i.Page)
	m.Number("size", i.Size)
	m.Number("pages", i.Pages)
	writeNeighbour(&m, "previous_page", i.PreviousPage)
	writeNeighbour(&m, "next_page", i.NextPage)
	return m.End(), nil
}

// writeNeighbour writes the number of another page, or null.
func writeNeighbour(m *archive.ObjectWriter, name string, page *int64) {
	if page == nil {
		m.Raw(name, []byte("null"))
		return
	}
	m.Number(name, *page)
}

// answered gives a row the shape it has on the wire, or why there is none.
func answered[R, T any](row R, err error, shape func(R) T) (*T, error) {
	if err != nil {
		return nil, err
	}
	out := shape(row)
	return &out, nil
}

// listed gives a page of rows the shape they have on the wire.
func listed[R, T any](list db.List[R], row func(R) T) *items[T] {
	page := &items[T]{Items: make([]T, len(list.Items)), Total: list.Total, Page: list.Page.Number, Size: list.Page.Size, Pages: list.Pages()}
	for i, r := range list.Items {
		page.Items[i] = row(r)
	}
	if page.Page > 1 {
		previous := page.Page - 1
		page.PreviousPage = &previous
	}
	if page.Page < page.Pages {
		next := page.Page + 1
		page.NextPage = &next
	}
	return page
}

// Paging is the query of every list. The bound on page keeps page × size within 64 bits.
type Paging struct {
	Page int64 `query:"page" minimum:"1" maximum:"90000000000000000" default:"1" doc:"Which page, from 1; past the end is empty."`
	Size int64 `query:"size" minimum:"1" maximum:"100" default:"50" doc:"Rows a page."`
}

// spanWords is how a query speaks of a span.
var spanWords = db.SpanWords{From: "date_from", To: "date_to", Zone: "timezone", HowToDate: howToDate}

const howToDate = "That is no date we can read. Write 2026-11-20, or 2026-11-20T08:00:00Z with the + of a zone encoded as %2B."

// CursorQuery is the query of a list that can be walked from row to row, while others are written.
type CursorQuery struct {
	Paging
	CursorParam
}

// CursorParam is the query of what can go on after a row.
type CursorParam struct {
	After string `query:"after" doc:"A cursor, from meta.next_cursor or the line of an export: the rows after it."`
}

func (r CursorParam) after() (db.Cursor, error) {
	if r.After == "" {
		return db.Cursor{}, nil
	}
	after, err := db.ParseCursor(r.After)
	return after, inQuery(err)
}

// listedByCursor is listed for rows that have a cursor. next_cursor is there as long as the page is full.
func listedByCursor[R, T any](list db.List[R], row func(R) T, cursor func(R) db.Cursor) *items[T] {
	page := listed(list, row)
	if n := len(list.Items); n > 0 && int64(n) == list.Page.Size {
		page.next = cursor(list.Items[n-1])
	}
	return page
}

func (p Paging) page() db.Page { return db.Page{Number: p.Page, Size: p.Size} }

// flag is a query parameter that is true, false or not asked.
type flag struct {
	Value bool
	Given bool
}

// Schema, Receiver and OnParamSet let huma read it as a boolean.
func (flag) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeBoolean} }
func (f *flag) Receiver() reflect.Value        { return reflect.ValueOf(f).Elem().Field(0) }
func (f *flag) OnParamSet(isSet bool, _ any)   { f.Given = isSet }
func (f flag) asked() *bool {
	if !f.Given {
		return nil
	}
	return &f.Value
}

// anew makes an endpoint that takes neither header and works anew each time. PUT and DELETE come to the same; an answer that
// holds a secret must not be kept, and what tells of this very moment need not be.
func anew[I, T any](do func(context.Context, db.Principal, *I) (*T, error)) serve {
	return serve{repeats: isAnew, hang: func(s *server, api huma.API, op huma.Operation) { register(s, api, op, bound(do)) }}
}

// stream makes an endpoint of an answer that is longer than memory, so that nothing of it is kept.
func stream(hang func(*server, huma.API, huma.Operation)) serve {
	return serve{repeats: isAnew, hang: hang}
}

// introspected makes an endpoint of what asks about the key itself. Only here the names of the key, its person and its team
// come along with the look-up, so that no other endpoint can rely on them.
func introspected[I, T any](repeated func(func(context.Context, db.Principal, *I) (*T, error)) serve, do func(context.Context, db.Caller, *I) (*T, error)) serve {
	how := repeated(func(ctx context.Context, _ db.Principal, in *I) (*T, error) { return do(ctx, *callOf(ctx).about, in) })
	how.introspects = true
	return how
}

// ingest takes bodies that bring conversations.
func ingest(how serve) serve {
	how.bodyMax = ingestMax
	return how
}

// bound takes a function that has its server already, since no transaction is to be around it.
func bound[I, T any](do func(context.Context, db.Principal, *I) (*T, error)) func(*server, context.Context, db.Principal, *I) (*T, error) {
	return func(_ *server, ctx context.Context, p db.Principal, in *I) (*T, error) { return do(ctx, p, in) }
}

// register makes an operation of a function from a caller and typed input to data. What it returns is put into the
// envelope; its error becomes a problem.
func register[I, T any](s *server, api huma.API, op huma.Operation, do func(*server, context.Context, db.Principal, *I) (*T, error)) {
	huma.Register(api, op, func(ctx context.Context, in *I) (*answer[*T], error) {
		made, out, err := callOf(ctx), &answer[*T]{}, error(nil)
		if made.claim != nil {
			err = s.keptOnce(ctx, made, func(s *server) (any, error) {
				err := out.fill(do(s, ctx, made.Principal, in))
				return out.Body, err
			})
		} else {
			err = out.fill(do(s, ctx, made.Principal, in))
		}
		if err != nil {
			return nil, s.logged(err, made.c)
		}
		return out, nil
	})
}

// fill puts data into the envelope, with what it has to say there.
func (a *answer[T]) fill(data T, err error) error {
	if err != nil {
		return err
	}
	a.Body.Data = data
	if says, ok := any(data).(around); ok {
		a.Body.Message, a.Body.Meta = says.envelope()
	}
	return nil
}

var humaOnce sync.Once // huma keeps its error maker in a package variable

// apiConfig is huma with JSON only and our errors; nothing is added to bodies or headers.
func (s *server) apiConfig() huma.Config {
	humaOnce.Do(func() {
		huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, found ...error) huma.StatusError {
			return validation(humaecho.Unwrap(ctx), status, found)
		}
		huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return explainRoute(status) }
		huma.DefaultArrayNullable = false
	})
	config := huma.DefaultConfig("", "")
	config.OpenAPI = s.document()
	strict := huma.Format{Marshal: toJSON, Unmarshal: fromJSON}
	config.Formats = map[string]huma.Format{"application/json": strict, "json": strict}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	return config
}
