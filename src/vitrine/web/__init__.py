"""What the web doors share: sign-in through the Hub, the guard, base page, style, error pages."""
