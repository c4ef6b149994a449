package main

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// The keys in the folder of secrets. Each side has its own, so that the portal's process, which must have
// the clients', could not open a secret of staff.
const (
	clientKeyFile    = secretsDir + "/client.key"
	staffKeyFile     = secretsDir + "/staff.key"
	commandTokenFile = secretsDir + "/command-token"
)

// clientKey seals what the portal hands out and what the accounts of client users keep.
func (w *world) clientKey() (string, error) {
	switch {
	case w.settings.Key != "":
		return w.settings.Key, nil
	case w.at.Key != "": // The serving process may have been given another than the file's.
		return w.at.Key, nil
	}
	return w.secret(clientKeyFile)
}

// commandToken is what portals in processes of their own prove themselves with.
func (w *world) commandToken() (string, error) {
	switch {
	case w.settings.CommandToken != "":
		return w.settings.CommandToken, nil
	case w.at.CommandToken != "":
		return w.at.CommandToken, nil
	}
	return w.secret(commandTokenFile)
}

// secret reads a random text that outlives the process, and makes it the first time.
func (w *world) secret(file string) (string, error) {
	path := w.path(file)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(w.path(secretsDir), 0o700); err != nil {
			return "", fmt.Errorf("make a secret: %w", err)
		}
		text = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path+".new", text, 0o600)
		if err == nil {
			err = os.Rename(path+".new", path) // Whole, or not there.
		}
	}
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	if len(text) < minSecret {
		return "", fmt.Errorf("%s holds fewer than %d characters: restore it from a backup", path, minSecret)
	}
	return string(text), nil
}

// What keys are derived for from a side's key, each apart from all others.
const (
	forAccounts = "effigate accounts v1"         // what the accounts seal secrets with
	forRequests = "effigate console requests v1" // what the console hashes requests about people with
	forWebhooks = "effigate webhooks v1"         // what the secrets of webhooks are sealed with
)

// derivedKey is the key for one use of a side's key.
func derivedKey(key, use string) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, []byte(key), nil, use, 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return derived, nil
}
