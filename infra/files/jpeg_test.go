package files

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// photo is a JPEG picture as a program writes it: nothing but the image.
func photo(tb testing.TB) []byte {
	tb.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			picture.Set(x, y, color.RGBA{uint8(4 * x), uint8(5 * y), uint8(x * y), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// segment is one segment of a picture.
func segment(marker byte, content string) string {
	return string([]byte{0xff, marker, byte((len(content) + 2) >> 8), byte(len(content) + 2)}) + content
}

// taken is a photo with the segments after its first marker, and more after its last.
func taken(tb testing.TB, after string, segments ...string) []byte {
	tb.Helper()
	plain := photo(tb)
	return []byte(string(plain[:2]) + strings.Join(segments, "") + string(plain[2:]) + after)
}

// turned is an Exif header of a camera that was held on its side: its entries in either order of bytes, among others.
func turned(little bool) string {
	if little {
		return "Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00" +
			"\x0f\x01\x02\x00\x06\x00\x00\x00xCAM" + "\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00" + "\x00\x00\x00\x00 xGPSx 33.8688 S"
	}
	return "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02" +
		"\x01\x0f\x00\x02\x00\x00\x00\x06xCAM" + "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00" + "\x00\x00\x00\x00 xGPSx 33.8688 S"
}

func stripped(tb testing.TB, picture []byte) ([]byte, error) {
	tb.Helper()
	var out bytes.Buffer
	err := stripJPEG(&out, bytes.NewReader(picture))
	return out.Bytes(), err
}

// A picture keeps its image, its colours and how it is turned, and loses all that tells more (F4).
func TestPicturesTellNothingButTheImage(t *testing.T) {
	t.Parallel()
	profile := segment(0xe2, "ICC_PROFILE\x00\x01\x01colours")
	adobe := segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01")
	for name, test := range map[string]struct {
		picture []byte
		keeps   []string
	}{
		"nothing to leave out": {taken(t, ""), nil},
		"GPS in Exif":          {taken(t, "", segment(0xe1, turned(false))), []string{"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"}},
		"in the other order":   {taken(t, "", segment(0xe1, turned(true))), []string{"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"}},
		"Exif that is broken":  {taken(t, "", segment(0xe1, "Exif\x00\x00MM\x00*\xff\xff\xff\xffxGPSx")), nil},
		"Exif cut short":       {taken(t, "", segment(0xe1, turned(true)[:30]+"xGPSx")), nil},
		"XMP":                  {taken(t, "", segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00xGPSx")), nil},
		"IPTC":                 {taken(t, "", segment(0xed, "Photoshop 3.0\x00xGPSx")), nil},
		"a comment":            {taken(t, "", segment(0xfe, "xGPSx")), nil},
		"a maker's segment":    {taken(t, "", segment(0xe5, "xGPSx"), segment(0xef, "xGPSx")), nil},
		"more pictures":        {taken(t, "\xff\xd8xGPSx"+turned(true), segment(0xe2, "MPF\x00xGPSx")), nil},
		"a thumbnail":          {taken(t, "", segment(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01xGPSx"), segment(0xe0, "JFXX\x00xGPSx")), []string{"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"}},
		"profile and colours":  {taken(t, "", profile, segment(0xfe, "xGPSx"), adobe), []string{profile, adobe}},
		"filled spaces":        {taken(t, "", "\xff\xff"+segment(0xfe, "xGPSx")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean, err := stripped(t, test.picture)
			if err != nil {
				t.Fatal(err)
			}
			for _, more := range []string{"xGPSx", "xCAM"} {
				if bytes.Contains(clean, []byte(more)) {
					t.Errorf("%q is left in %q", more, clean[:min(len(clean), 200)])
				}
			}
			for _, kept := range test.keeps {
				if !bytes.Contains(clean, []byte(kept)) {
					t.Errorf("%q is gone from %q", kept, clean[:min(len(clean), 200)])
				}
			}
			if diff := cmp.Diff(pixels(t, test.picture), pixels(t, clean)); diff != "" {
				t.Errorf("the image changed: %.500s", diff)
			}
			if again, err := stripped(t, clean); err != nil || !bytes.Equal(again, clean) {
				t.Errorf("stripped again it is another: %v", err)
			}
		})
	}
	if clean, err := stripped(t, photo(t)); err != nil || !bytes.Equal(clean, photo(t)) {
		t.Errorf("a picture that tells nothing changed: %v", err)
	}
}

func pixels(t *testing.T, picture []byte) []uint8 {
	t.Helper()
	decoded, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	ycc, ok := decoded.(*image.YCbCr)
	if !ok {
		t.Fatalf("the picture is a %T", decoded)
	}
	return append(append(ycc.Y, ycc.Cb...), ycc.Cr...)
}

// What is no whole picture is refused, and an error of the sender stays what it is.
func TestPicturesThatAreNone(t *testing.T) {
	t.Parallel()
	whole := taken(t, "", segment(0xe1, turned(true)))
	for end := range whole {
		if _, err := stripped(t, whole[:end]); !errors.Is(err, errJPEG) {
			t.Fatalf("the first %d bytes of %d: %v", end, len(whole), err)
		}
	}
	for _, text := range []string{"GIF89a", "\xff\xd8\xff\xd0", "\xff\xd8\xff\xe1\x00\x01x", "\xff\xd8\xff\x01\xff\xd9", "\xff\xd8\x00"} {
		if _, err := stripped(t, []byte(text)); !errors.Is(err, errJPEG) {
			t.Errorf("%q: %v", text, err)
		}
	}
	broke := errors.New("broke off")
	if err := stripJPEG(io.Discard, io.MultiReader(bytes.NewReader(whole[:200]), iotest.ErrReader(broke))); !errors.Is(err, broke) {
		t.Errorf("a sender's error: %v", err)
	}
}

// However segments are mixed, nothing of those that are left out remains, and stripping twice is stripping once.
func TestMixedSegments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var segments []string
		for range rapid.IntRange(0, 8).Draw(r, "segments") {
			marker := rapid.SampledFrom([]byte{0xe0, 0xe1, 0xe2, 0xe3, 0xed, 0xef, 0xf0, 0xfe}).Draw(r, "marker")
			segments = append(segments, segment(marker, "xGPSx"+rapid.StringN(0, 50, 200).Draw(r, "content")))
		}
		clean, err := stripped(t, taken(t, rapid.StringN(0, 50, 200).Draw(r, "after"), segments...))
		if err != nil || bytes.Contains(clean, []byte("xGPSx")) {
			r.Fatalf("%v, %d bytes", err, len(clean))
		}
		if again, err := stripped(t, clean); err != nil || !bytes.Equal(again, clean) {
			r.Fatalf("stripped again: %v", err)
		}
	})
}

// FuzzStripJPEG throws bytes at the parser: it ends, and what it passes on passes unchanged again.
func FuzzStripJPEG(f *testing.F) {
	f.Add(taken(f, "after", segment(0xe1, turned(true))))
	f.Add([]byte("\xff\xd8\xff\xda\x00\x02\xff\x00\xff\xff\xd9"))
	f.Fuzz(func(t *testing.T, picture []byte) {
		clean, err := stripped(t, picture)
		if err != nil {
			return
		}
		if again, err := stripped(t, clean); err != nil || !bytes.Equal(again, clean) {
			t.Errorf("stripped again: %v", err)
		}
	})
}

// A file's type follows from its bytes, and what a browser could run has none (A9).
func TestMediaTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, content, want string }{
		{"a.png", "\x89PNG\r\n\x1a\n", "image/png"},
		{"a.txt", "\x89PNG\r\n\x1a\n", "image/png"},
		{"a.jpg", "\xff\xd8\xff\xe0", picture},
		{"a.pdf", "%PDF-1.7", "application/pdf"},
		{"a.zip", "PK\x03\x04", "application/zip"},
		{"a.DOCX", "PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"a.txt", "hello", "text/plain"},
		{"a.csv", "a,b\n1,2\n", "text/csv"},
		{"a.json", `{"a":1}`, "application/json"},
		{"a.html", "hello", unknown},
		{"a.txt", "<!DOCTYPE html><script>", unknown},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg">`, unknown},
		{"a.txt", `<?xml version="1.0"?><svg>`, unknown},
		{"a.js", "alert(1)", unknown},
		{"a", "hello", unknown},
		{"a.pdf", "MZ\x90\x00", unknown},
	} {
		if got := mediaType(test.name, []byte(test.content)); got != test.want {
			t.Errorf("%s with %q is %s, want %s", test.name, test.content, got, test.want)
		}
	}
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "Übersicht (2).pdf", ".env", "a..b", strings.Repeat("x", 200), "报告.docx"} {
		if err := checkName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " ", ".", "..", "../a", "a/b", `a\b`, "a\nb", "a\x00", "a\u202egnp.exe", "\xff", strings.Repeat("x", 256)} {
		if err := checkName(bad); err == nil {
			t.Errorf("%q is a name", bad)
		}
	}
}
