### `socklab compare`, en español.

## El servidor que se mide

help-measured-server = Un servidor en un proceso propio, para que este programa lo mida.
help-measured-server-examples = socklab measured-server {"{"}"exercise":"echo","runtime":"mio"{"}"}
help-arg-order = Qué servir y cómo, en JSON

## Números y nombres

# El signo de los decimales y el que separa los millares (un espacio que no parte la línea).
compare-decimal = { "," }
compare-thousands = { "\u00A0" }
# $name (text) - un nombre que ha elegido otro
compare-name = { $name }

## Cargas, magnitudes, columnas

# $connections (number) - cuántos clientes hay a la vez
compare-load-closed = { $connections ->
    [one] { $connections } conexión
   *[other] { $connections } conexiones
}
# $connections (number) - cuántos clientes se turnan
# $rate (text) - cuántas preguntas hacen por segundo
compare-load-open = { $connections ->
    [one] { $connections } conexión a { $rate }/s
   *[other] { $connections } conexiones a { $rate }/s
}
compare-metric-rate = respuestas/s
compare-metric-p50 = p50
compare-metric-p99 = p99
compare-metric-cpu = CPU/respuesta
compare-column-model = modelo
compare-column-relative = relativo
compare-column-relative-p99 = p99 relativo
compare-column-cpu = CPU/resp. usuario + sistema
compare-column-switches = cambios/resp.
compare-column-memory = memoria
# $exercise (text) - el ejercicio
# $load (text) - la carga
compare-table-title = { $exercise }, { $load }
# $baseline (text) - el modelo con el que se comparan los demás
compare-legend = relativo: la mediana de las proporciones con { $baseline } dentro de las rondas (no el cociente de dos medianas), ± un intervalo del 95 %; ≈ ninguna diferencia que se sostenga entre tantas comparaciones, ? faltan rondas para decirlo. Los tiempos son de respuesta, los cambios son de contexto y la memoria es la máxima.

## Lo que no se cree

compare-invalid = NO VÁLIDO
compare-invalid-generator-saturated = el generador de carga no daba más de sí mientras el servidor esperaba trabajo
compare-invalid-late-schedule = el generador de carga envió tarde sus preguntas
compare-invalid-out-of-ports = el generador de carga se quedó sin puertos
compare-invalid-wrong-replies = algunas respuestas eran incorrectas
compare-invalid-too-few-samples = hubo muy pocas respuestas para calcularlo
compare-invalid-not-steady = el ritmo no llegó a estabilizarse a tiempo
compare-invalid-server-gone = el servidor terminó o no dijo qué había consumido
# $reason (text) - por qué no cuenta una ronda
# $rounds (number) - en cuántas rondas ocurrió
compare-note-reason = { $reason } ({ $rounds ->
    [one] { $rounds } ronda
   *[other] { $rounds } rondas
})
# $valid (number) - cuántas rondas cuentan
# $trials (number) - cuántas hubo
# $reasons (text) - por qué no cuentan las otras
compare-note-rounds = cuentan { $valid } de { $trials } rondas: { $reasons }
# $reason (text) - por qué no se muestra un percentil
compare-note-left-out = no se muestra: { $reason }

## Lo que resta valor a las cifras

compare-caution-shared-core = el servidor y el generador de carga compartían un núcleo
compare-caution-virtual-machine = esto es una máquina virtual, cuyos vecinos no se ven
compare-caution-governor = la frecuencia de la CPU no estaba fijada
compare-caution-unpinned = los programas no estaban fijados a sus núcleos
compare-caution-debug-build = es un programa compilado para depurar
compare-caution-register-in-memory = el registro estaba en memoria, donde un sync no cuesta nada
compare-caution-load-elsewhere = había otros programas en marcha

## La lectura

# $exercise (text) - el ejercicio
# $models (text) - los modelos
# $rounds (number) - cuántas veces se midió cada uno
compare-reading-what = { $exercise } en { $models }: { $rounds ->
    [one] { $rounds } ronda
   *[other] { $rounds } rondas
} con cada carga, en orden aleatorio y con todas las respuestas comprobadas.
# $models (text) - los modelos
compare-reading-refused = Rechazado, por no hacer lo que pide el ejercicio: { $models }.
# $load (text) - la carga
# $model (text) - el modelo
# $rate (text) - sus respuestas por segundo
compare-reading-alone = Con { $load }, { $model } da { $rate } respuestas/s.
# $time (text) - su percentil 99
compare-reading-alone-p99 = Con { $load }, { $model } contesta el 99 % de las preguntas en { $time } o menos.
# Los cuatro siguientes no llevan punto: puede seguirles compare-reading-ratio o compare-reading-next.
# $load (text) - la carga
# $model (text) - el modelo
# $rate (text) - sus respuestas por segundo
compare-reading-fastest = Con { $load }, el más rápido es { $model }: { $rate } respuestas/s
# $time (text) - su percentil 99
compare-reading-shortest = Con { $load }, quien menos hace esperar a los últimos es { $model }: el 99 % de las respuestas en { $time } o menos
# $load (text) - la carga
# $models (text) - los modelos
# $model (text) - el de mejor mediana
# $rate (text) - sus respuestas por segundo
compare-reading-fastest-tied = Con { $load } no hay un ganador: no se distinguen entre sí { $models }; { $model } dio { $rate } respuestas/s
# $time (text) - su percentil 99
compare-reading-shortest-tied = Con { $load } ninguno hace esperar menos a los últimos: no se distinguen entre sí { $models }; { $model } dio el 99 % de las respuestas en { $time } o menos
# $ratio (text) - cuántas veces la cifra de referencia
# $baseline (text) - el modelo de referencia
# $low (text) - el extremo inferior del intervalo
# $high (text) - el superior
compare-reading-ratio = { $ratio } veces la cifra de { $baseline } (95 %: de { $low } a { $high })
# $model (text) - el segundo
# $ratio (text) - cuántas veces la cifra del mejor
# $low (text) - el extremo inferior del intervalo
# $high (text) - el superior
compare-reading-next = el siguiente, { $model }, tiene { $ratio } veces eso (95 %: de { $low } a { $high })
# $model (text) - el modelo
# $loads (text) - con qué cargas
# $cpu (text) - tiempo de CPU por respuesta
compare-reading-cheapest = Quien menos CPU gasta por respuesta ({ $loads }) es { $model }: { $cpu }.
# $models (text) - los modelos
compare-reading-cheapest-tied = Ninguno gasta menos CPU por respuesta que los demás ({ $loads }): no se distinguen entre sí { $models }, con unos { $cpu }.
# $baseline (text) - el modelo de referencia
# $places (text) - modelos con sus cargas
compare-reading-equal = No se distinguen de { $baseline }: { $places }; eso no demuestra que sean iguales.
# $places (text) - modelos con sus cargas
compare-reading-too-few = Cuentan muy pocas rondas para decir algo de { $places }.
# $percent (text) - la mitad del intervalo de predicción de la proporción mediana
compare-reading-resolution = A juzgar por estas rondas, una segunda medición puede hallar una proporción así hasta un { $percent } distinta (95 %): diferencias menores no se podían ver.
# $count (text) - cuántas preguntas
# $share (text) - qué parte del total
# $places (text) - modelos con sus cargas
compare-reading-lost = Quedaron sin respuesta { $count } preguntas ({ $share }): { $places }; cada una cuenta con todo su tiempo de espera.
# $places (text) - modelos con sus cargas
# $reason (text) - por qué
compare-reading-invalid = No es de fiar: { $places }, porque { $reason }.
compare-reading-limits = Todo esto vale para esta máquina, este ejercicio y estas cargas, en una red que no sale de la máquina; en otra parte las proporciones pueden ser otras, y las cifras absolutas lo serán.
compare-reading-limits-network = Todo esto vale para estas máquinas, la red entre ellas, este ejercicio y estas cargas; en otra parte las proporciones pueden ser otras, y las cifras absolutas lo serán.
compare-reading-closed = Cuando cada conexión espera su respuesta antes de volver a preguntar, a un servidor lento se le pregunta menos: esos tiempos de respuesta no prometen nada a clientes que llegan cuando quieren.
# $cautions (text) - lo que resta valor a las cifras
compare-reading-cautions = Atención: { $cautions }.

## compare diff

# $facts (text) - en qué difieren, con ambos valores
compare-diff-environment = las máquinas difieren, y solo por eso pueden haber cambiado las cifras absolutas: { $facts }
# $models (text) - los modelos
compare-diff-only-old = solo en la anterior: { $models }
# $models (text) - los modelos
compare-diff-only-new = solo en la nueva: { $models }
# $places (text) - modelos con sus cargas
compare-diff-unbelieved = sin comparar, porque una de las dos no es de fiar: { $places }
# $figures (number) - cuántas
compare-diff-too-few = { $figures ->
    [one] { $figures } cifra tiene
   *[other] { $figures } cifras tienen
} muy pocas rondas para compararse
# $compared (number) - cuántas
compare-diff-none = nada ha cambiado más de lo que difieren dos mediciones de los mismos programas ({ $compared ->
    [one] { $compared } cifra comparada
   *[other] { $compared } cifras comparadas
})
# $changed (number) - cuántas han cambiado
# $compared (number) - cuántas se han comparado
compare-diff-some = cambios mayores que lo que difieren dos mediciones de los mismos programas: { $changed } de { $compared ->
    [one] { $compared } cifra
   *[other] { $compared } cifras
}
# $metric (text) - qué se compara
# $baseline (text) - con qué modelo
compare-diff-ratio = { $metric } frente a { $baseline }
compare-diff-column-figure = cifra
compare-diff-column-old = antes
compare-diff-column-new = ahora
compare-diff-column-change = cambio
compare-diff-column-expected = esperado
# $old (text) - el ejercicio de la anterior
# $new (text) - el de la nueva
compare-diff-exercise = no se pueden comparar: la anterior midió { $old } y la nueva { $new }
# $old (text) - las cargas de la anterior
# $new (text) - las de la nueva
compare-diff-loads = no se pueden comparar: sus cargas son distintas (antes: { $old }; ahora: { $new })
compare-diff-models = no se pueden comparar: no tienen ningún modelo en común

## Mientras mide

# $models (texto) - sus nombres; $loads, $rounds (número); $time (texto) - cuánto tarda, más o menos
compare-begin = { $exercise }: { $models } · cargas: { $loads } · rondas: { $rounds } · unos { $time }
compare-progress = { $percent } % · { $model } · { $load } · quedan { $time }
compare-doing-proof = su transcripción, frente a las máquinas solas
compare-doing-idle = conexiones inactivas
compare-doing-knee = el ritmo más alto que mantiene
# $expected, $got (texto) - una línea de la referencia y de la transcripción del modelo
compare-refused = { $model } no se mide, porque no hace el ejercicio: donde la referencia tiene «{ $expected }», tiene «{ $got }»
compare-wrong-reply = { $model } respondió mal: «{ $got }» donde tocaba «{ $expected }»
compare-failed = no se pudo medir { $model }: { $detail }
compare-none-left = no queda ningún modelo que medir
compare-no-baseline = { $model } no puede ser la base, porque no se compara: nómbrelo también en --models
compare-same-for-datagrams = con datagramas { $model } es igual que su modelo básico: vea --list
# $file (texto) - su nombre
compare-no-results = { $file } no es lo que escribe compare --json
compare-written = escrito: { $file }

## Ayuda

help-compare = Hace seis preguntas a los modelos de E/S, o mide un ejercicio en cada uno, y dice en qué se diferencian y cuánto es seguro.
help-compare-examples = socklab compare ; socklab compare --quick ; socklab compare welcome --models blocking-iterative,blocking,mio ; socklab compare echo --rate 20000 --models mio,tokio ; socklab compare --target 127.0.0.1:16000 ; socklab compare diff antes.json ahora.json
help-compare-diff = Qué ha cambiado entre dos resultados, más de lo que difieren dos medidas de todos modos; acaba con 0 si nada, 1 si algo, 3 si no se pueden comparar.
help-compare-diff-examples = socklab compare echo --json antes.json ; socklab compare echo --json ahora.json ; socklab compare diff antes.json ahora.json
help-arg-load-of = El ejercicio: echo, welcome o submit; sin él, seis preguntas (echo si se dan cargas u otras opciones de un ejercicio)
help-arg-models = Qué modelos, por su nombre; el mismo dos veces se compara consigo mismo (los principales si no se dice)
help-arg-list = Nombra cada modelo y dice en una frase qué es
help-arg-baseline = Con cuál se comparan los demás (con el primero si no se dice)
help-arg-wait-quiet = Espera antes a que otros programas usen menos del 5 % de la CPU, diez minutos como mucho
help-arg-quick = En un tercio de minuto: menos rondas y más cortas
help-arg-full = Todos los modelos y cargas, diez rondas: antes dice cuánto tarda
help-arg-connections = Bucle cerrado: tantas a la vez, y cada una vuelve a preguntar en cuanto recibe respuesta
help-arg-rate = Bucle abierto: tantas preguntas por segundo, cada una a su hora, con respuesta o sin ella
help-arg-find-knee = Busca el ritmo más alto que se mantiene
help-arg-limit = En ese ritmo, lo más que puede ser el percentil 99, en milisegundos (10 si no se dice)
help-arg-idle = Tantas conexiones inactivas, una cantidad tras otra: ¿cuánto cuestan?
help-arg-rounds = Cuántas veces tiene cada modelo cada carga
help-arg-seconds = Cuánto se mide cada una
help-arg-depth = Datagramas en vuelo de cada socket (1 si no se dice)
help-arg-target = Mide el servidor de otra persona con la misma carga
help-arg-server-cores = Cuántos núcleos tiene el servidor (1 si no se dice; el generador tiene uno propio)
help-arg-unobserved = No cuenta lo que hacen los controladores
help-arg-register-folder = Dónde se crean los registros de submit: el disco que se mide (aquí si no se dice)
help-arg-seed = De qué se saca el orden de las pruebas
help-arg-json = Escribe todo lo medido y su resumen
help-arg-csv = Escribe las cifras de cada modelo y carga
help-arg-markdown = Escribe la tabla para una página
help-arg-hdr = Escribe las latencias como las imprime HdrHistogram
help-arg-report = Dónde va el informe (socklab-compare.html o socklab-EJERCICIO.html si no se dice)
help-arg-old = Los resultados de antes, escritos por --json
help-arg-new = Los de después

## Los modelos, en una frase cada uno: qué es y dónde espera

model-blocking = Hilos: uno por conexión (en UDP, uno para todos), y cada uno espera dentro de la llamada que recibe.
model-blocking-iterative = Un hilo atiende cada conexión hasta el final antes de aceptar la siguiente: espera en accept o al único cliente que tiene, y los demás esperan en la cola.
model-blocking-pool = Un número fijo de hilos acepta en el mismo socket y atiende una conexión cada uno: quien los encuentra a todos esperando a sus clientes espera en la cola.
model-async-std = Una tarea por conexión sobre un ejecutor con un hilo por núcleo: ninguna tarea se bloquea, y el reactor del ejecutor espera a todos los sockets en un solo poll.
model-mio = Un hilo con un bucle de eventos: espera en un solo poll a todos los sockets a la vez y después atiende a los que tienen algo.
model-mio-loops = Un bucle de eventos por núcleo, cada uno con su socket en el mismo puerto (SO_REUSEPORT): el sistema reparte los clientes y cada bucle espera en su propio poll.
model-tokio = Una tarea por conexión sobre un planificador cuyos hilos, uno por núcleo, se reparten el trabajo: ninguna se bloquea, y su reactor espera a todos los sockets en un poll.
model-nonblocking = Un hilo pregunta a cada socket una y otra vez y no espera nunca: ocupa un núcleo entero, también ocioso, y es el que antes responde.
model-select = Un hilo espera en select a todos los sockets a la vez; los conjuntos se rehacen en cada llamada y no admiten descriptores con número 1024 o mayor.
model-poll = Un hilo espera en poll a todos los sockets a la vez: el núcleo recorre la lista entera en cada llamada.
model-signal-driven = Un hilo duerme en sigtimedwait hasta que SIGIO dice que ha llegado algo, y entonces recibe hasta que no queda nada.
model-uring = Un hilo espera en io_uring_enter lo que el núcleo ya ha hecho: recibió en la memoria del programa y envía lo que este le dio.
# $figure (text) - su número
compare-figure = Stevens, figura { $figure }
compare-every-exercise = todos los ejercicios

## Además de las cargas

compare-idle-title = conexiones inactivas, y un cliente que no lo está
compare-slope-title = lo que cuesta una conexión inactiva más
compare-knee-title = el ritmo más alto que se mantiene
compare-column-idle = inactivas
compare-column-threads = hilos
compare-column-bytes-each = bytes cada una (95 %)
compare-column-knee = preguntas/s
compare-column-limit = p99 menor que
compare-column-tried = ritmos probados
# $address (texto) - el servidor que se iba a medir
compare-target-silent = { $address } no respondió nada: inicie antes el servidor, y compruebe la dirección y el puerto
