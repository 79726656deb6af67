package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/handlers/archive"
)

// mediaOf is the media type of each format of an export.
var mediaOf = map[string]string{archive.NDJSON: "application/x-ndjson", archive.CSV: "text/csv; charset=utf-8"}

type exportQuery struct {
	ConversationQuery
	CursorParam
	Include string `query:"include" enum:"messages" doc:"Also what was said. In CSV it is a cell of JSON."`
	Format  string `query:"format" enum:"ndjson,csv" default:"ndjson" doc:"A line of JSON a conversation, or a row of CSV under a header. Cells that a spreadsheet would take for formulas start with an apostrophe."`
}

// serveExport hangs the export on its operation: the one answer that is no JSON object, and longer than memory.
func serveExport(s *server, api huma.API, op huma.Operation) {
	line := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[archive.Line](), true, "")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Conversations, oldest first, one a line. A transfer that breaks off is not complete: go on after the cursor of the last whole line.",
		Content: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: line},
			"text/csv":             {Schema: &huma.Schema{Type: huma.TypeString}},
		},
	}}
	huma.Register(api, op, func(ctx context.Context, in *exportQuery) (*huma.StreamResponse, error) {
		made := callOf(ctx)
		e, first, err := s.export(ctx, made.Principal, in)
		if err != nil {
			return nil, s.logged(err, made.c)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { s.sendExport(ctx, e, in.Format, first) }}, nil
	})
}

// export gives the exporter and its first piece, so that what is wrong from the start is answered as everywhere.
func (s *server) export(ctx context.Context, p db.Principal, in *exportQuery) (e *archive.Exporter, first []byte, err error) {
	after, err := in.after()
	if err != nil {
		return nil, nil, err
	}
	filter, err := in.filter(after)
	if err != nil {
		return nil, nil, err
	}
	messages := in.Include == "messages"
	e = archive.NewExporter(s.Store.Export(p, filter, messages), messages, in.Format)
	first, err = e.Next(ctx)
	return e, first, err
}

// sendExport sends the first piece and then the others.
func (s *server) sendExport(ctx huma.Context, e *archive.Exporter, format string, piece []byte) {
	c, begun := humaecho.Unwrap(ctx), time.Now()
	w, control := c.Response(), http.NewResponseController(c.Response())
	_ = control.SetReadDeadline(time.Time{}) // the server's is for requests; when it passes, this one would end
	w.Header().Set("Content-Type", mediaOf[format])
	w.WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return
	}
	for {
		if err := sendPiece(w, control, piece); err != nil {
			s.Log.Warn("the answer was not taken", "request_id", requestID(c), "err", err)
			c.Set(cutOff, true)
			return
		}
		s.giveWay(e, begun)
		var err error
		if piece, err = e.Next(ctx.Context()); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			s.logged(err, c)
			c.Set(cutOff, true)
			return
		}
	}
}

// An export gives way to whoever has asked since it began, and lately: it goes on in small pieces and rests after each,
// since work of a few milliseconds at a time would make every answer beside it that much later.
const (
	lately     = 100 * time.Millisecond
	exportRest = 100 * time.Microsecond
)

func (s *server) giveWay(e *archive.Exporter, begun time.Time) {
	if asked := s.asked.Load(); asked > begun.UnixNano() && time.Now().UnixNano()-asked < int64(lately) {
		e.GiveWay()
		time.Sleep(exportRest)
	}
}

// A client that takes less than a chunk within the timeout is given up.
const (
	sendChunk   = 64 << 10
	sendTimeout = 30 * time.Second
)

func sendPiece(w io.Writer, control *http.ResponseController, piece []byte) error {
	for len(piece) > 0 {
		chunk := piece[:min(len(piece), sendChunk)]
		_ = control.SetWriteDeadline(time.Now().Add(sendTimeout)) // a recorder has none
		if _, err := w.Write(chunk); err != nil {
			return err
		}
		piece = piece[len(chunk):]
	}
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
