// Package zone gives time zones from the tz database that is embedded here, never from the host's: the
// same wall clock means the same instant on every machine, and what was computed with it names Version.
//
// It imports the standard library only, and both sides may import it.
package zone

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"sync"
	"time"
)

// Version is the release of the embedded tz database; stored splits and due instants carry it.
const Version = "2025c"

//go:embed zoneinfo.zip
var archive []byte

var (
	files  = sync.OnceValue(index)
	loaded sync.Map // name → *time.Location; bounded by the number of zones there are
)

// Load gives the zone of an IANA name such as "Australia/Sydney". Names that depend on the host, "" and
// "Local", are unknown.
func Load(name string) (*time.Location, error) {
	if known, ok := loaded.Load(name); ok {
		return known.(*time.Location), nil
	}
	file, ok := files()[name]
	if !ok {
		return nil, fmt.Errorf("%q is no zone of the tz database %s; write one such as Europe/Berlin", name, Version)
	}
	data, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("read zone %s: %w", name, err)
	}
	location, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, fmt.Errorf("read zone %s: %w", name, err)
	}
	known, _ := loaded.LoadOrStore(name, location)
	return known.(*time.Location), nil
}

// Valid reports whether name is a zone of the embedded database.
func Valid(name string) bool {
	_, ok := files()[name]
	return ok
}

func index() map[string]*zip.File {
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic("zone: the embedded tz database is damaged: " + err.Error())
	}
	found := make(map[string]*zip.File, len(reader.File))
	for _, file := range reader.File {
		if !file.FileInfo().IsDir() {
			found[file.Name] = file
		}
	}
	return found
}

func read(file *zip.File) ([]byte, error) {
	content, err := file.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(content)
	if closed := content.Close(); err == nil {
		err = closed
	}
	return data, err
}
