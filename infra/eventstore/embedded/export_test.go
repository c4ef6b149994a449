package embedded

import (
	"crypto/x509"
	"time"
)

// Certificates returns what a node in the directory would show at an instant: its certificate and the authority's.
func Certificates(directory, host string, now time.Time) (node, authority *x509.Certificate, err error) {
	c, err := openCertificates(directory, host, func() time.Time { return now })
	if err != nil {
		return nil, nil, err
	}
	shown, err := c.current(nil)
	if err != nil {
		return nil, nil, err
	}
	ca, err := load(directory + "/ca")
	if err != nil {
		return nil, nil, err
	}
	return shown.Leaf, ca.Leaf, nil
}
