package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"time"

	"github.com/storywire/storywire/engineio/webtransport"
)

// http3 serves WebTransport with a certificate that browsers accept by its
// hash: ECDSA, and valid for less than two weeks.
type http3 struct {
	server *webtransport.Server
	tls    *tls.Config
	hash   string // SHA-256 in base64
}

func newHTTP3() (*http3, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return &http3{
		server: webtransport.NewServer(webtransport.Options{TLS: config}),
		tls:    config,
		hash:   base64.StdEncoding.EncodeToString(sum[:]),
	}, nil
}

// serve listens at the UDP port of that address.
func (h *http3) serve(addr string, handler http.Handler) error {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	return h.server.Serve(conn, handler)
}

// Close ends what serve began; h may be nil.
func (h *http3) Close() error {
	if h == nil {
		return nil
	}
	return h.server.Close()
}
