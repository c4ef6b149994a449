package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/auth"
)

// maxWrongFields bounds the list of wrong fields in one answer.
const maxWrongFields = 50

// Problem is the one form of every error answer, as RFC 9457 has it.
type Problem struct {
	Type   string `json:"type" example:"about:blank" doc:"Always about:blank: code tells problems apart."`
	Title  string `json:"title" example:"Unprocessable Entity" doc:"The name of the status."`
	Status int    `json:"status" example:"422"`
	Code   string `json:"code" example:"invalid_fields" doc:"Stable name of what is wrong, for programs."`
	Detail string `json:"detail" doc:"What is wrong, for people."`
	// Reference finds an internal error in the log; absent from every other problem.
	Reference string       `json:"reference,omitempty" doc:"Names the error to whoever runs the service."`
	Errors    []WrongField `json:"errors,omitempty" nullable:"false" doc:"Every wrong field."`
}

// WrongField is one field that was refused.
type WrongField struct {
	Field  string `json:"field" example:"title" doc:"The field's path in the body, or the parameter's name."`
	Detail string `json:"detail" example:"expected length <= 200"`
}

// problemError is a problem as huma takes it: an error with a status, headers and a media type.
type problemError struct {
	Problem
	headers http.Header
}

// Error gives the detail.
func (p *problemError) Error() string { return p.Detail }

// GetStatus gives the status.
func (p *problemError) GetStatus() int { return p.Status }

// GetHeaders gives the headers that belong to the status, such as Retry-After.
func (p *problemError) GetHeaders() http.Header { return p.headers }

// ContentType gives the media type of a problem.
func (*problemError) ContentType(string) string { return "application/problem+json" }

// errNothing is the one answer for what does not exist, what belongs to others, and what is not for the
// caller's side.
var errNothing = domain.Refuse(domain.ErrNotFound, "not_found", "there is nothing here")

// The errors of HTTP itself, which the domain does not know.
var (
	errMethod   = errors.New("the path does not answer this method")
	errTooLarge = fmt.Errorf("the body has more than %d bytes", MaxBody)
	errBroken   = errors.New("the body did not arrive whole")
	errTooMany  = errors.New("too many requests of one address")
	errPanic    = errors.New("panic")
)

// answers maps kinds of error to what is answered. The sentence is all that the public side says.
var answers = []struct {
	kind     error
	status   int
	code     string
	sentence string
}{
	{domain.ErrInvalid, http.StatusUnprocessableEntity, "invalid", "Some of what was sent cannot be accepted."},
	{domain.ErrConflict, http.StatusConflict, "conflict", "This cannot be done as things stand now."},
	{domain.ErrNotFound, http.StatusNotFound, "not_found", "There is nothing here."},
	{domain.ErrForbidden, http.StatusForbidden, "forbidden", "You may not do this."},
	{domain.ErrUnavailable, http.StatusServiceUnavailable, "unavailable", "The service cannot answer right now. Send the same request again."},
	{auth.ErrUnauthenticated, http.StatusUnauthorized, "unauthenticated", "A valid login is needed."},
	{auth.ErrStepUp, http.StatusForbidden, "step_up_required", "Prove anew who you are; this needs a fresh proof."},
	{errTooMany, http.StatusTooManyRequests, "too_many_requests", "Too many attempts. Wait a minute and try again."},
	{errForm, http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be a form."},
	{errMethod, http.StatusMethodNotAllowed, "method_not_allowed", "The path does not answer this method."},
	{errTooLarge, http.StatusRequestEntityTooLarge, "too_large", "The body is too large."},
	{errBroken, http.StatusBadRequest, "broken_body", "The body did not arrive whole."},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "unavailable", "The service cannot answer right now. Send the same request again."},
	{context.Canceled, http.StatusServiceUnavailable, "unavailable", "The service cannot answer right now. Send the same request again."},
}

// problem makes the answer to an error, and logs the error when it is an internal one.
func (a *API) problem(ctx context.Context, err error) *problemError {
	for _, answer := range answers {
		if !errors.Is(err, answer.kind) {
			continue
		}
		p := newProblem(answer.status, answer.code, answer.sentence)
		if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
			a.explain(p, refusal)
		}
		switch answer.status {
		case http.StatusServiceUnavailable:
			p.headers.Set("Retry-After", "1")
		case http.StatusTooManyRequests:
			p.headers.Set("Retry-After", "60")
		case http.StatusUnauthorized:
			p.headers.Set("WWW-Authenticate", `Bearer realm="effigate"`)
		}
		return p
	}
	a.logInternal(ctx, err)
	p := newProblem(http.StatusInternalServerError, "internal", "internal error")
	p.Reference = requestOf(ctx).id
	return p
}

// explain adds what a refusal says. Code and fields are client-safe by its contract; the text is for
// staff alone. To the public side nothing tells one missing thing from another.
func (a *API) explain(p *problemError, refusal *domain.Refusal) {
	if a.side == domain.ClientSide && p.Status == http.StatusNotFound {
		return
	}
	p.Code = refusal.Code
	if a.side != domain.ClientSide {
		p.Detail = refusal.Text
	}
	for field, wrong := range refusal.Fields {
		p.Errors = append(p.Errors, WrongField{Field: field, Detail: wrong})
	}
	p.sortErrors()
}

func newProblem(status int, code, detail string) *problemError {
	return &problemError{
		Problem: Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail},
		headers: http.Header{},
	}
}

// sortErrors gives the wrong fields one order, each field once, and bounds their number.
func (p *problemError) sortErrors() {
	slices.SortFunc(p.Errors, func(a, b WrongField) int {
		return strings.Compare(a.Field+"\x00"+a.Detail, b.Field+"\x00"+b.Detail)
	})
	p.Errors = p.Errors[:min(len(p.Errors), maxWrongFields)]
}

// WriteError answers an error outside of an operation's handler.
func (a *API) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r.Context(), err)
	maps.Copy(w.Header(), p.headers)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(p) // The reader has gone: there is nobody to tell.
}

// transform turns the validation errors of huma into problems. They would echo what was sent, and they
// have no code.
func (a *API) transform(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	switch model.Status {
	case http.StatusUnprocessableEntity:
		return refused(model), nil
	case http.StatusBadRequest:
		return newProblem(model.Status, "malformed_body", "The body is not JSON."), nil
	case http.StatusUnsupportedMediaType:
		return newProblem(model.Status, "unsupported_media_type", "The body must be application/json."), nil
	}
	p := a.problem(ctx.Context(), errors.New(model.Error()))
	p.Status, p.Title = model.Status, http.StatusText(model.Status)
	return p, nil
}

// refused lists the wrong fields of a request that does not fit the operation's schema.
func refused(model *huma.ErrorModel) *problemError {
	p := newProblem(model.Status, "invalid_fields", "Some of what was sent cannot be accepted.")
	for _, wrong := range model.Errors {
		where, field, ok := strings.Cut(wrong.Location, ".")
		if !ok {
			field = where
		}
		if field == "Idempotency-Key" {
			p.Code, p.Detail = "idempotency_key_required", "A write needs the header Idempotency-Key with 1 to 200 printable characters."
		}
		p.Errors = append(p.Errors, WrongField{Field: field, Detail: wrong.Message})
	}
	p.sortErrors()
	return p
}

// documentProblems describes the problems that any operation may answer.
func (a *API) documentProblems(op *huma.Operation) {
	statuses := []int{401, 403, 404, 422, 500, 503}
	if op.Method != http.MethodGet {
		statuses = append(statuses, 400, 409, 413, 415)
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: description(status),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
		}
	}
}

// description names a status in the description of the API, in which the public side does not read the
// word "internal".
func description(status int) string {
	if status == http.StatusInternalServerError {
		return "Server Error"
	}
	return http.StatusText(status)
}

// logInternal logs an internal error once, with the reference that its answer carries.
func (a *API) logInternal(ctx context.Context, err error) {
	a.logger.LogAttrs(ctx, slog.LevelError, "internal error",
		slog.String("request_id", requestOf(ctx).id), slog.String("error", err.Error()))
}

// panicked makes an error of a panic's cause, with the stack for the log.
func panicked(cause any) error {
	return fmt.Errorf("%w: %v\n%s", errPanic, cause, debug.Stack())
}

// readBody takes the whole body, so that a slow, broken or endless one is answered as what it is before
// anything looks at it. Whoever looks next finds it unread.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// textual reports whether a text, such as a path or a query that was sent, is UTF-8 without control characters, which
// is all that a database takes for text.
func textual(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Textual refuses a document of JSON that has what no database takes for text: bytes that are not UTF-8, which the
// decoder would change in silence, or the character U+0000. The domain.Refusal names the fields that have it. What is
// no JSON passes, for the decoder says so.
func Textual(body []byte) error {
	if !utf8.Valid(body) {
		return domain.Refuse(domain.ErrInvalid, "malformed_body", "the body is not UTF-8")
	}
	if !bytes.Contains(body, []byte(`\u0000`)) {
		return nil
	}
	var document any
	wrong := map[string]string{}
	if json.Unmarshal(body, &document) == nil {
		nulFields(wrong, "", document)
	}
	if len(wrong) == 0 {
		return nil // It is no JSON, or the escape is escaped itself: a backslash that somebody wrote.
	}
	return &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "some fields are not text", Fields: wrong}
}

// nulFields notes the paths of the texts in a document that have U+0000, under the names that huma gives: "a.b[0]".
// An object with such a name is wrong itself.
func nulFields(wrong map[string]string, path string, document any) {
	switch value := document.(type) {
	case string:
		if strings.ContainsRune(value, 0) && len(wrong) < maxWrongFields {
			wrong[cmp.Or(path, "body")] = notText
		}
	case []any:
		for i, item := range value {
			nulFields(wrong, fmt.Sprintf("%s[%d]", path, i), item)
		}
	case map[string]any:
		for name, item := range value {
			nulFields(wrong, path, name)
			nulFields(wrong, strings.TrimPrefix(path+"."+name, "."), item)
		}
	}
}

// ID reads an id out of a path. What is no id names nothing, so it is answered like any missing thing.
func ID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return uuid.Nil, errNothing
	}
	return id, nil
}
