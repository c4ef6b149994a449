package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"effigate/domain"
)

// The bounds of forms.
const (
	maxFields = 600     // a contract of twenty lines has as many
	maxUpload = 2 << 20 // bytes of a whole form with a file
)

// notText is what is wrong with a field that holds bytes rather than text.
const notText = "has characters that are not text"

// errForm says that a body is no form of the type that is read here.
var errForm = errors.New("the body is not a form")

// Form reads the fields of a form that was sent: at most MaxBody bytes, at most 600 values, all of them
// text. Line ends are "\n". The error becomes a 413, 415, 400 or 422.
func Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, errForm
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if strings.Count(string(body), "&") >= maxFields {
		return nil, domain.Refuse(domain.ErrInvalid, "too_many_fields", "a form has at most %d fields", maxFields)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, domain.Refuse(domain.ErrInvalid, "malformed_form", "the form is not encoded as a form: %v", err)
	}
	return clean(values)
}

// Upload reads a form with one file, 2 MiB in all: the fields, and the bytes of the file of that name, none
// when no file was chosen. The error becomes a 413, 415, 400 or 422.
func Upload(w http.ResponseWriter, r *http.Request, name string) (url.Values, []byte, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "multipart/form-data" {
		return nil, nil, errForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errForm, err)
	}
	values, file := url.Values{}, []byte(nil)
	for range maxFields {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			values, err = clean(values)
			return values, file, err
		}
		if err != nil {
			return nil, nil, uploadError(err)
		}
		content, err := io.ReadAll(part)
		switch {
		case err != nil:
			return nil, nil, uploadError(err)
		case part.FormName() == name:
			file = content
		case part.FileName() == "":
			values.Add(part.FormName(), string(content))
		}
	}
	return nil, nil, domain.Refuse(domain.ErrInvalid, "too_many_fields", "a form has at most %d fields", maxFields)
}

// uploadError tells what is too long from what broke off.
func uploadError(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errTooLarge
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}

// clean refuses what is no text, and gives lines one kind of end: browsers send "\r\n".
func clean(values url.Values) (url.Values, error) {
	for field, all := range values {
		for i, text := range all {
			text = strings.ReplaceAll(text, "\r\n", "\n")
			if !utf8.ValidString(field+text) || strings.ContainsFunc(text, control) {
				return nil, &domain.Refusal{
					Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "some fields are not text",
					Fields: map[string]string{strings.ToValidUTF8(field, "?"): notText},
				}
			}
			all[i] = text
		}
	}
	return values, nil
}

func control(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
