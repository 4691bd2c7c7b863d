"""What SOPS encrypted: described without a key, decrypted with one in trusted runs only."""
