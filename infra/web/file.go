package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// The bounds of files.
const (
	maxFile        = 26 << 20        // bytes of a body with a file; how large the file may be, its store says
	maxFormField   = 64 << 10        // bytes of a field beside the file
	maxFileFields  = 20              // before the file
	transferTime   = 5 * time.Minute // for a file to come or go
	afterTransfer  = 30 * time.Second
	maxFileName    = 4 << 10 // bytes, as it is sent; what is too long for a name, the use case says
	uploadMetadata = "upload"
)

// File is a file that is arriving.
type File struct {
	Name    string     // empty when a form that may come without a file has none
	Fields  url.Values // of a form, those that came before the file
	Content io.Reader  // an error of it becomes a 413 or 400
}

// drain reads what nobody wanted: a browser that is still sending would not see why.
func (f *File) drain() { _, _ = io.Copy(io.Discard, f.Content) }

// Receive reads a file from a request: its whole body, named by the parameter "name", or the file "file" of a
// multipart form, after the form's other fields. The body may take minutes and has at most 26 MiB.
func Receive(w http.ResponseWriter, r *http.Request) (*File, error) {
	if err := takeTime(w, r); err != nil {
		return nil, err
	}
	if isMultipart(r) {
		file, err := receiveForm(r)
		if err == nil && file.Name == "" {
			return nil, noFile("no file was chosen")
		}
		return file, err
	}
	name := r.URL.Query().Get("name")
	if name == "" || len(name) > maxFileName {
		return nil, noFile("the parameter name must name the file")
	}
	return &File{Name: name, Content: arriving{r.Body}}, nil
}

// receiveOptional reads a form whose file may be left out.
func receiveOptional(w http.ResponseWriter, r *http.Request) (*File, error) {
	if !isMultipart(r) {
		fields, err := Form(w, r)
		return &File{Fields: fields, Content: http.NoBody}, err
	}
	if err := takeTime(w, r); err != nil {
		return nil, err
	}
	return receiveForm(r)
}

func isMultipart(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "multipart/form-data"
}

// takeTime lets a body take minutes, and bounds it.
func takeTime(w http.ResponseWriter, r *http.Request) error {
	control := http.NewResponseController(w)
	now := time.Now() //nolint:forbidigo // a deadline of the connection
	if err := errors.Join(control.SetReadDeadline(now.Add(transferTime)), control.SetWriteDeadline(now.Add(transferTime+afterTransfer))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set deadlines: %w", err)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFile)
	return nil
}

// receiveForm reads a form up to its file, which may be missing.
func receiveForm(r *http.Request) (*File, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errForm, err)
	}
	values := url.Values{}
	for range maxFileFields {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			values, err = clean(values)
			return &File{Fields: values, Content: http.NoBody}, err
		}
		if err != nil {
			return nil, uploadError(err)
		}
		if part.FormName() == "file" {
			return fileOf(part, values)
		}
		content, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
		if err != nil {
			return nil, uploadError(err)
		}
		if len(content) > maxFormField {
			return nil, errTooLarge
		}
		values.Add(part.FormName(), string(content))
	}
	return nil, noFile("the form has no file among its first fields")
}

func fileOf(part *multipart.Part, values url.Values) (*File, error) {
	name := part.FileName()
	if len(name) > maxFileName {
		return nil, noFile("the name of the file is too long")
	}
	values, err := clean(values)
	if err != nil {
		return nil, err
	}
	if name == "" { // A browser sends a file without a name when none was chosen.
		return &File{Fields: values, Content: http.NoBody}, nil
	}
	return &File{Name: name, Fields: values, Content: arriving{part}}, nil
}

func noFile(why string) error {
	return &domain.Refusal{Kind: domain.ErrInvalid, Code: "file_required", Text: why, Fields: map[string]string{"file": "must be chosen"}}
}

// arriving tells what is too long from what broke off.
type arriving struct{ content io.Reader }

// Read passes bytes on.
func (a arriving) Read(p []byte) (int, error) {
	n, err := a.content.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = uploadError(err)
	}
	return n, err
}

// RegisterUpload is Register for an operation whose body is a file, as Receive reads it. The input must have no body.
func RegisterUpload[I, O any](a *API, p access.Permission, op huma.Operation, handler func(context.Context, domain.Actor, *I, *File) (*O, error)) {
	op.Metadata = map[string]any{uploadMetadata: true}
	operate(a, p, op, transferTime, func(ctx context.Context, actor domain.Actor, in *I) (*O, error) {
		known := requestOf(ctx)
		file, err := Receive(known.to, known.http)
		if err != nil {
			return nil, err
		}
		defer file.drain()
		return handler(ctx, actor, in, file)
	})
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	// Had it been there before, the library would have read the body.
	a.huma.OpenAPI().Paths[op.Path].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: binary},
		"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": binary}, Required: []string{"file"},
		}},
	}}
}

// PageUpload is Page for the target of a form with a file, which may take minutes.
func (a *API) PageUpload(pattern string, p access.Permission, handler func(http.ResponseWriter, *http.Request, auth.Login, *File) error) {
	a.pageUpload(pattern, p, Receive, handler)
}

// PageOptionalUpload is PageUpload for a form whose file may be left out: the File has no Name then.
func (a *API) PageOptionalUpload(pattern string, p access.Permission, handler func(http.ResponseWriter, *http.Request, auth.Login, *File) error) {
	a.pageUpload(pattern, p, receiveOptional, handler)
}

func (a *API) pageUpload(
	pattern string, p access.Permission, receive func(http.ResponseWriter, *http.Request) (*File, error),
	handler func(http.ResponseWriter, *http.Request, auth.Login, *File) error,
) {
	a.page(http.MethodPost, pattern, p, transferTime, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := receive(w, r)
		if err != nil {
			return err
		}
		defer file.drain()
		return handler(w, r, login, file)
	})
}

// Download is a file to send.
type Download struct {
	Name    string
	Type    string // media type
	SHA256  string // hex, of the content
	Content io.ReadSeekCloser
}

// DownloadOutput is the output of an operation that sends a file.
type DownloadOutput struct {
	Body func(huma.Context)
}

// Sending gives the output of an operation that sends a file.
func Sending(d Download) *DownloadOutput {
	return &DownloadOutput{Body: func(answer huma.Context) {
		r, w := humachi.Unwrap(answer)
		Send(w, r, d)
	}}
}

// DownloadOperation describes an operation that sends a file.
func DownloadOperation(id, path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary,
		Responses: map[string]*huma.Response{
			"200": {Description: "The file", Content: map[string]*huma.MediaType{
				"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
			}},
			"206": {Description: "The part of the file that Range names."},
			"304": {Description: "If-None-Match names the file as it is."},
		},
	}
}

// Send answers with a file, which it closes, or with the part that Range names. A browser saves it and never shows it
// as a part of us: it may be anything that anybody wrote.
func Send(w http.ResponseWriter, r *http.Request, d Download) {
	defer d.Content.Close() //nolint:errcheck // it was only read
	control := http.NewResponseController(w)
	// Without a deadline of its own the connection keeps the server's, which cuts long files off.
	_ = control.SetWriteDeadline(time.Now().Add(transferTime)) //nolint:forbidigo // a deadline of the connection
	h := w.Header()
	h.Set("Content-Type", d.Type)
	h.Set("Content-Disposition", disposition(d.Name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", strconv.Quote(d.SHA256))
	http.ServeContent(w, r, "", time.Time{}, d.Content)
}

// disposition says that a file is to be saved, and under what name: once for all programs, in ASCII, and once as
// RFC 6266 has it.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	var encoded strings.Builder
	for _, b := range []byte(strings.ToValidUTF8(name, string(utf8.RuneError))) {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			encoded.WriteByte(b)
			continue
		}
		fmt.Fprintf(&encoded, "%%%02X", b)
	}
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plain, encoded.String())
}

// SchemaOf describes a type as JSON, for an operation that answers with it or with a file.
func SchemaOf[B any](a *API) *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[B](), true, "")
}
