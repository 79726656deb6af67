package handlers

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// What the JSON of a body may be at most, wherever it lies.
const (
	depthMax  = 64
	memberMax = 256       // bytes of a member's name
	textMax   = 256 << 10 // bytes of a text
)

// readBody reads the JSON body of an API request, checks that every parser will read it alike (RFC 8259, and RFC 7493
// section 2.3: no member twice, no text that is no Unicode) and puts it back for huma.
func readBody(c echo.Context, required bool) error {
	r := c.Request()
	if r.Header.Get(echo.HeaderContentEncoding) != "" {
		return echo.ErrUnsupportedMediaType
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil:
		return echo.ErrBadRequest
	case len(body) == 0 && required:
		return invalidInput(missingAt("body"))
	case len(body) > 0:
		if err := jsonOnly(r.Header.Get(echo.HeaderContentType)); err != nil {
			return err
		}
		if err := lint(body); err != nil {
			return err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

func jsonOnly(kind string) error {
	media, params, err := mime.ParseMediaType(kind)
	if charset := params["charset"]; err != nil || media != echo.MIMEApplicationJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return echo.ErrUnsupportedMediaType
	}
	return nil
}

// lint walks through a body once. Its errors name the place, never the content.
func lint(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) && d.InputOffset() > 0 && d.StackDepth() == 0 {
			return nil
		}
		if err != nil {
			return &refusal{status: http.StatusBadRequest, code: "bad_request", text: fmt.Sprintf("The body is not valid JSON at byte %d.", d.InputOffset()+1)}
		}
		if depth := d.StackDepth(); depth == 0 && d.InputOffset() < int64(len(bytes.TrimRight(body, " \t\r\n"))) {
			return &refusal{status: http.StatusBadRequest, code: "bad_request", text: "Something follows the JSON document of the body."}
		} else if depth > depthMax {
			return unfit(d, fmt.Sprintf("Nested deeper than %d levels.", depthMax))
		}
		if wrong := lintToken(d, token); wrong != nil {
			return wrong
		}
	}
}

func lintToken(d *jsontext.Decoder, token jsontext.Token) error {
	switch token.Kind() {
	case '"':
		kind, length := d.StackIndex(d.StackDepth())
		if isName := kind == '{' && length%2 == 1; isName && len(token.String()) > memberMax {
			return unfit(nil, fmt.Sprintf("A member's name is longer than %d bytes.", memberMax))
		}
		if len(token.String()) > textMax {
			return unfit(d, fmt.Sprintf("Longer than %d KB.", textMax>>10))
		}
	case '0':
		digits := strings.TrimLeft(token.String(), "-")
		if !strings.ContainsAny(digits, ".eE") && len(digits) > 18 {
			return unfit(d, "That number has more digits than 64 bits hold.")
		}
	}
	return nil
}

// unfit is valid JSON that we do not take.
func unfit(d *jsontext.Decoder, text string) error {
	loc := []string{"body"}
	if d != nil {
		for part := range d.StackPointer().Tokens() {
			if len(loc) < 6 {
				loc = append(loc, part)
			}
		}
	}
	return invalidInput(wrongAt(text, loc...))
}

// fromJSON reads JSON that lint has passed; its errors name the place in our words.
func fromJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s is of the wrong type", cmp.Or(string(wrong.JSONPointer), "The document"))
	}
	return err
}
