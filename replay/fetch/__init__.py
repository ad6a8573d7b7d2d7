"""Public data sets from where their makers put them: listed by their servers, resumed, verified, unpacked."""
