### `socklab compare`, en español.

## El servidor que se mide

help-measured-server = un servidor en un proceso propio, para que este programa lo mida
help-measured-server-examples = socklab measured-server echo --runtime mio
help-arg-cores = los núcleos que puede usar
help-arg-observe = cuenta lo que hace su controlador
