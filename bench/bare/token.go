//go:build unix

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// verify checks an HS256 token: signature, algorithm and expiry.
func verify(secret, token []byte) bool {
	dot := bytes.LastIndexByte(token, '.')
	head := bytes.IndexByte(token, '.')
	if head < 0 || head == dot {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(token[:dot])
	sig, err := base64.RawURLEncoding.DecodeString(string(token[dot+1:]))
	if err != nil || !hmac.Equal(sig, mac.Sum(nil)) {
		return false
	}
	var header struct {
		Alg string `json:"alg"`
	}
	var claims struct {
		Exp int64 `json:"exp"`
	}
	return decode(token[:head], &header) && header.Alg == "HS256" &&
		decode(token[head+1:dot], &claims) && time.Now().Unix() < claims.Exp
}

func decode(part []byte, v any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(string(part))
	return err == nil && json.Unmarshal(raw, v) == nil
}
