### El informe de `socklab compare`, en español.
