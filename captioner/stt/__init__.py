"""How sound becomes words."""
