package bill

import (
	"encoding/hex"

	"effigate/domain"
)

// Print names the printed forms of a document. Prints of earlier versions do not tell the digests of XML and CSV.
type Print struct {
	Layout    int    `json:"layout"`              // version of how all forms look, from 1
	SHA256    string `json:"sha256"`              // of the PDF, hex
	Size      int64  `json:"size"`                // of the PDF, in bytes
	XMLSHA256 string `json:"xml_sha256,omitzero"` // hex; empty where it was not recorded
	CSVSHA256 string `json:"csv_sha256,omitzero"` // hex; empty where it was not recorded
}

// Check refuses what names no printed forms.
func (p Print) Check() error {
	var check domain.Check
	check.That(p.Layout >= 1, "layout", "must be above zero")
	check.That(p.Size > 0, "size", "must be above zero")
	for field, digest := range map[string]string{"sha256": p.SHA256, "xml_sha256": p.XMLSHA256, "csv_sha256": p.CSVSHA256} {
		sum, err := hex.DecodeString(digest)
		check.That(err == nil && len(sum) == 32, field, "must be 64 hexadecimal digits")
	}
	return check.Err()
}

// Repeats tells whether this names the same bytes as an earlier print, as far as that one tells.
func (p Print) Repeats(was Print) bool {
	if was.XMLSHA256 == "" {
		p.XMLSHA256 = ""
	}
	if was.CSVSHA256 == "" {
		p.CSVSHA256 = ""
	}
	return p == was
}
