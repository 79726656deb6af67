package handlers

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/views"
)

// readForm reads the named fields of an urlencoded body; the query is not looked at. A field given twice is an
// Invalid error; other fields are ignored.
func readForm(c echo.Context, fields ...string) (map[string]string, error) {
	values, err := formValues(c)
	if err != nil {
		return nil, err
	}
	return onlyFields(values, fields...)
}

// formValues reads all of an urlencoded body.
func formValues(c echo.Context) (url.Values, error) {
	r := c.Request()
	if kind := r.Header.Get(echo.HeaderContentType); kind != "" {
		if kind, _, err := mime.ParseMediaType(kind); err != nil || kind != echo.MIMEApplicationForm {
			return nil, echo.ErrUnsupportedMediaType
		}
	}
	if r.Header.Get(echo.HeaderContentEncoding) != "" {
		return nil, echo.ErrUnsupportedMediaType
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, code: "bad_request", text: "The form cannot be read. Go back, reload the page and send it again."}
	}
	return values, nil
}

// onlyFields gives the named fields, each of which may be there once.
func onlyFields(values url.Values, fields ...string) (map[string]string, error) {
	form := make(map[string]string, len(fields))
	for _, field := range fields {
		if len(values[field]) > 1 {
			return nil, db.InvalidInput(field, "That was sent twice. Go back and send it once.")
		}
		form[field] = values.Get(field)
	}
	return form, nil
}

// again gives the form as it was sent with what is wrong beside each field, or the error when it is not about input.
// Secrets are not sent back, nor is a key that was pasted into the wrong field.
func again(sent map[string]string, err error, secrets ...string) (views.Form, error) {
	list, ok := problemsOf(err)
	if !ok {
		return views.Form{}, err
	}
	form := filled(sent, secrets...)
	for _, p := range list {
		form.Errors[p.Field] = p.Text
	}
	return form, nil
}

// filled gives the form as it was sent, with nothing wrong.
func filled(sent map[string]string, secrets ...string) views.Form {
	form := views.Form{Values: map[string]string{}, Errors: map[string]string{}}
	for field, value := range sent {
		form.Values[field] = strings.ToValidUTF8(db.Redact(value), "\uFFFD")
	}
	for _, field := range secrets {
		delete(form.Values, field)
	}
	return form
}
