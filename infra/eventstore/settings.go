package eventstore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// settings lists what a connection string may say. The client only warns of other keys, on standard error.
var settings = []string{
	"discoveryinterval", "gossiptimeout", "maxdiscoverattempts", "nodepreference", "keepaliveinterval",
	"keepalivetimeout", "tls", "tlscafile", "usercertfile", "userkeyfile", "tlsverifycert", "defaultdeadline",
}

// parse checks a connection string and gives the client's configuration and the hosts it names. Errors
// never quote the string, which holds the password.
func parse(connectionString string) (*esdb.Configuration, []string, error) {
	_, query, _ := strings.Cut(connectionString, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, nil, errors.New("event store connection string: the part after ? is no list of key=value")
	}
	for key, given := range values {
		if !slices.Contains(settings, strings.ToLower(key)) {
			return nil, nil, fmt.Errorf("event store connection string: unknown setting %q", key)
		}
		if len(given) > 1 {
			return nil, nil, fmt.Errorf("event store connection string: setting %q is given %d times", key, len(given))
		}
	}
	config, err := esdb.ParseConnectionString(connectionString)
	if err != nil {
		if quoting, ok := errors.AsType[*url.Error](err); ok {
			err = fmt.Errorf("%s: not of the form esdb://user:password@host:port?tls=true (special characters of the password as %%xx)", quoting.Op)
		}
		return nil, nil, fmt.Errorf("event store connection string: %w", err)
	}
	hosts := []string{config.Address}
	if len(config.GossipSeeds) > 0 {
		hosts = hosts[:0]
		for _, seed := range config.GossipSeeds {
			hosts = append(hosts, seed.String())
		}
	}
	return config, hosts, checkSafe(config, hosts)
}

// checkSafe refuses what would work and be wrong: without TLS the client sends no credentials at all, and
// a node other than the leader does not show what was just written.
func checkSafe(config *esdb.Configuration, hosts []string) error {
	local := !slices.ContainsFunc(hosts, func(host string) bool { return !loopback(host) })
	switch {
	case config.DisableTLS && !local:
		return errors.New("event store connection string: tls=false is for a store on this machine only")
	case config.SkipCertificateVerification && !local:
		return errors.New("event store connection string: tlsVerifyCert=false is for a store on this machine only")
	case config.NodePreference != esdb.NodePreferenceLeader:
		return errors.New("event store connection string: nodePreference must be leader, who alone shows what was just written")
	case config.GossipTimeout < 1 || config.GossipTimeout > 60:
		return errors.New("event store connection string: gossipTimeout must be 1 to 60 seconds")
	default:
		return nil
	}
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
