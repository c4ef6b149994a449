package files

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"effigate/domain"
)

// sniffed is how many bytes tell what a file is.
const sniffed = 512

// The media types that files are served as; any other file is unknown.
const (
	unknown = "application/octet-stream"
	picture = "image/jpeg"
	archive = "application/zip"
	text    = "text/plain"
)

// told lists the types that the first bytes tell by themselves.
var told = []string{
	picture, "image/png", "image/gif", "image/webp", "image/bmp", "application/pdf", "application/x-gzip", archive,
	"audio/mpeg", "audio/wave", "video/mp4", "video/webm",
}

// named lists the types that the first bytes leave open, by those and the name's ending.
var named = map[string]map[string]string{
	text: {
		".txt": text, ".log": text, ".md": text, ".csv": "text/csv", ".json": "application/json", ".eml": "message/rfc822",
		".yaml": text, ".yml": text, ".sql": text, ".diff": text, ".patch": text,
	},
	archive: {
		".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		".odt":  "application/vnd.oasis.opendocument.text",
		".ods":  "application/vnd.oasis.opendocument.spreadsheet",
		".odp":  "application/vnd.oasis.opendocument.presentation",
	},
}

// mediaType tells what a file is by its first bytes, and by its name where those leave it open. What a browser could
// run is unknown, whatever it is called.
func mediaType(name string, start []byte) string {
	kind, _, _ := strings.Cut(http.DetectContentType(start), ";")
	if precise, ok := named[kind][strings.ToLower(path.Ext(name))]; ok {
		return precise
	}
	if slices.Contains(told, kind) {
		return kind
	}
	return unknown
}

// maxName bounds the name of a file, in bytes and hence in characters: as much as file systems take.
const maxName = 255

// checkName refuses what is no name of a file, or one that reads as another.
func checkName(name string) error {
	var wrong string
	switch {
	case strings.TrimSpace(name) == "" || strings.Trim(name, ".") == "":
		wrong = "must not be empty"
	case len(name) > maxName:
		wrong = "must not be longer than 255 bytes"
	case !utf8.ValidString(name), strings.ContainsFunc(name, misleading):
		wrong = "must be a name without folders and control characters"
	default:
		return nil
	}
	return &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "the name of the file " + wrong, Fields: map[string]string{"name": wrong}}
}

// misleading reports whether a character divides paths, or cannot be seen and changes how a name reads.
func misleading(r rune) bool {
	return r == '/' || r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}
