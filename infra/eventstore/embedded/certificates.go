package embedded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	authorityLifetime = 20 * 365 * 24 * time.Hour
	nodeLifetime      = 365 * 24 * time.Hour
	renewBefore       = 60 * 24 * time.Hour // of the end, for both
	clockSkew         = time.Hour
)

// certificates issues what the node shows to its clients. The authority is kept, so that a renewed certificate is
// trusted by who has read the authority's file before.
type certificates struct {
	directory string
	hosts     []string
	now       func() time.Time
	mu        sync.Mutex
	node      *tls.Certificate
}

// openCertificates loads the node's certificate from a directory or makes one, valid for loopback, the machine's name
// and the host it listens on.
func openCertificates(directory, host string, now func() time.Time) (*certificates, error) {
	c := &certificates{directory: directory, hosts: []string{"localhost", "127.0.0.1", "::1"}, now: now}
	if name, err := os.Hostname(); err == nil {
		c.hosts = append(c.hosts, name)
	}
	if host != "" && !slices.Contains(c.hosts, host) {
		c.hosts = append(c.hosts, host)
	}
	if _, err := c.current(nil); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificates) caFile() string { return filepath.Join(c.directory, "ca.crt") }

func (c *certificates) serverConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current}
}

// current returns the node's certificate, renewed where its end is near. It is asked at every handshake, so a node that
// runs for years keeps a valid one.
func (c *certificates) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.node == nil {
		if loaded, err := load(filepath.Join(c.directory, "node")); err == nil {
			c.node = loaded
		}
	}
	if c.node != nil && c.serves(c.node, now) {
		return c.node, nil
	}
	authority, err := c.authority(now)
	if err != nil {
		return nil, err
	}
	node, err := c.issue(authority, now)
	if err != nil {
		return nil, err
	}
	c.node = node
	return node, nil
}

// serves says whether a loaded certificate may be used: young enough, for all hosts, and signed by our authority.
func (c *certificates) serves(node *tls.Certificate, now time.Time) bool {
	authority, err := load(filepath.Join(c.directory, "ca"))
	if err != nil || node.Leaf.CheckSignatureFrom(authority.Leaf) != nil || !fresh(node, now) || !fresh(authority, now) {
		return false
	}
	return !slices.ContainsFunc(c.hosts, func(host string) bool { return node.Leaf.VerifyHostname(host) != nil })
}

func fresh(certificate *tls.Certificate, now time.Time) bool {
	return now.After(certificate.Leaf.NotBefore) && now.Add(renewBefore).Before(certificate.Leaf.NotAfter)
}

// authority loads the certificate authority or makes a new one.
func (c *certificates) authority(now time.Time) (*tls.Certificate, error) {
	path := filepath.Join(c.directory, "ca")
	authority, err := load(path)
	if err == nil && fresh(authority, now) {
		return authority, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("load certificate authority: %w", err)
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Effigate event node authority"},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(authorityLifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return create(path, template, nil)
}

// issue makes a certificate for the node.
func (c *certificates) issue(authority *tls.Certificate, now time.Time) (*tls.Certificate, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Effigate event node"},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(nodeLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range c.hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return create(filepath.Join(c.directory, "node"), template, authority)
}

// create signs a template by the authority, or by itself where there is none, and keeps it at path.crt and path.key.
func create(path string, template *x509.Certificate, authority *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key %s: %w", path, err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	parent, signer := template, any(key)
	if authority != nil {
		parent, signer = authority.Leaf, authority.PrivateKey
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %s: %w", path, err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key %s: %w", path, err)
	}
	for _, file := range []struct {
		name, kind string
		content    []byte
	}{
		{path + ".key", "PRIVATE KEY", private},
		{path + ".crt", "CERTIFICATE", signed},
	} {
		if err := writeSecret(file.name, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.content})); err != nil {
			return nil, err
		}
	}
	return load(path)
}

// load reads a pair; a crash between its two writes leaves one that does not match, which counts as absent.
func load(path string) (*tls.Certificate, error) {
	public, err := os.ReadFile(path + ".crt")
	if err != nil {
		return nil, err
	}
	private, err := os.ReadFile(path + ".key")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(public, private)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, os.ErrNotExist, err)
	}
	return &pair, nil
}
