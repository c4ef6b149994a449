package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"effigate/domain"
	"effigate/infra/web"
)

// prefix is where assets are served.
const prefix = "/assets/"

//go:embed assets vendored/*.js
var embedded embed.FS

// file is one asset as it is served.
type file struct {
	url     string // with a hash of the content, so that it can be kept for ever
	media   string
	content []byte
	packed  []byte // the content, gzip
}

// files are the assets by their names.
var files = load()

// load reads the assets. htmx and its extension become one file; VENDOR.md says why.
func load() map[string]file {
	loaded := map[string]file{}
	names, err := fs.Glob(embedded, "assets/*")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		loaded[path.Base(name)] = newFile(path.Base(name), read(name))
	}
	htmx := slices.Concat(read("vendored/htmx.min.js"), []byte("\n;"), read("vendored/hx-sse.min.js"))
	loaded["htmx.js"] = newFile("htmx.js", htmx)
	return loaded
}

func read(name string) []byte {
	content, err := embedded.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}

// media are the types of the assets by their extension. What has another is not served.
var media = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func newFile(name string, content []byte) file {
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = writer.Write(content)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		panic(fmt.Errorf("pack %s: %w", name, err))
	}
	sum := sha256.Sum256(content)
	base, extension, _ := strings.Cut(name, ".")
	return file{
		url:   prefix + base + "-" + hex.EncodeToString(sum[:6]) + "." + extension,
		media: media[path.Ext(name)], content: content, packed: packed.Bytes(),
	}
}

// asset gives the address of an asset. A name that there is none of is a programmer's error.
func asset(name string) string {
	found, ok := files[name]
	if !ok {
		panic("no asset " + name)
	}
	return found.url
}

// serveAsset answers with an asset, to be kept for ever.
func serveAsset(w http.ResponseWriter, r *http.Request) error {
	for _, known := range files {
		if known.url != r.URL.Path || known.media == "" {
			continue
		}
		h, content := w.Header(), known.content
		h.Set("Content-Type", known.media)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			content = known.packed
			h.Set("Content-Encoding", "gzip")
		}
		_, _ = w.Write(content) // The reader has gone: there is nobody to tell.
		return nil
	}
	return domain.Refuse(domain.ErrNotFound, "not_found", "no asset %s", path.Base(r.URL.Path))
}

// Register adds what every page needs to a side: the assets, and the choice of colours.
func Register(a *web.API) {
	a.Public(http.MethodGet, prefix+"{name}", serveAsset)
	a.Public(http.MethodPost, "/theme", chooseTheme)
}
