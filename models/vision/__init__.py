"""Visual targets: pictures and names as vectors of a vision-language model, cached, and banks made of them."""
