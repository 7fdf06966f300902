### El informe de `socklab compare`, en español.

## Números

report-lang = es
# $n (text) - cuántas veces más
report-times = { $n }{ "\u00A0" }×

## La página

# $exercise (text) - el nombre del ejercicio
# $models (number) - cuántos modelos
report-title = { $models ->
    [one] { $exercise } en un modelo de E/S
   *[other] { $exercise } en { $models } modelos de E/S
}
# $date (text) - cuándo empezó
# $trials (number) - cuántas pruebas
# $rounds (number) - cuántas rondas
# $took (text) - cuánto duró, con la unidad
# $version (text) - la de socklab
report-when = { $date } · { $trials ->
    [one] { $trials } prueba
   *[other] { $trials } pruebas
} en { $rounds ->
    [one] { $rounds } ronda
   *[other] { $rounds } rondas
} · { $took } · socklab { $version }
report-contents = contenido
report-skip = saltar a la tabla
report-theme = claro / oscuro
report-choose = Carga
report-data = las cifras de este gráfico
report-section-table = En cifras
report-section-speed = Con qué rapidez
report-section-cost = A qué coste
report-section-noise = Con qué regularidad
report-section-timelines = Dónde espera
report-section-sources = El código
report-section-measured = Cómo se ha medido


## Lo que no se debe creer

# $why (text) - los motivos
report-invalid = NO VÁLIDO: { $why }
report-not-measured = sin medir
report-refused = RECHAZADO: su transcripción no es la de referencia, así que no se ha cronometrado
report-cautions = Léase con cautela

## La tabla

report-table = Cada modelo con cada carga: medianas de las rondas, con intervalos del 95{ "\u00A0" }%
report-column-model = modelo
report-column-load = carga
report-column-cell = modelo y carga
report-column-rate = respuestas/s
# $baseline (text) - el nombre de un modelo
report-column-relative = frente a { $baseline }
report-column-p50 = p50
report-column-p99 = p99
report-column-max = la más larga
report-column-cpu = CPU, µs por respuesta
report-column-switches = cambios por respuesta
report-column-threads = hilos
report-column-sum = en total
report-column-round = ronda
report-column-warm-up = calentamiento, s
report-column-note = nota
report-column-metric = métrica
report-column-ratio = cociente
report-column-interval = intervalo del 95{ "\u00A0" }%
report-column-prediction = una segunda ejecución
report-column-pairs = rondas
report-column-verdict = veredicto
# $baseline (text) - el nombre de un modelo
report-ratios = todos los cocientes frente a { $baseline }, y dónde los encontraría una segunda ejecución
report-verdict-higher = mayor
report-verdict-lower = menor
report-verdict-none = sin diferencia detectable
report-verdict-too-few = demasiado pocas rondas para decirlo

## Ejes

report-axis-connections = conexiones a la vez (cada potencia de diez es un paso)
report-axis-rate = respuestas/s
report-axis-share = parte de las preguntas respondidas en ese tiempo (cada 9 es un paso)
report-axis-response = tiempo de respuesta
report-axis-cpu = tiempo de CPU por respuesta, µs
report-axis-switches = cambios de contexto por respuesta
report-axis-idle = conexiones inactivas
report-axis-memory = memoria residente, MiB
report-axis-idle-reply = mediana del tiempo de una respuesta, µs
report-axis-offered = preguntas/s ofrecidas
report-axis-p99 = p99 del tiempo de respuesta

## Gráficos: qué muestra cada uno, qué significa la métrica y una descripción para quien no puede verlo

report-throughput = Respuestas por segundo según las conexiones
report-throughput-means = Respuestas correctas en cada segundo del tiempo medido, con tantas conexiones que vuelven a preguntar en cuanto reciben su respuesta. Las barras verticales son intervalos del 95{ "\u00A0" }% de la mediana.
report-throughput-desc = Una línea por modelo: respuestas por segundo según el número de conexiones, en un eje logarítmico. Las cifras están en la tabla debajo del gráfico.
# $model (text) - el nombre de un modelo
# $load (text) - la carga
# $rate (text) - respuestas por segundo, con el intervalo
report-throughput-tip = { $model }, { $load }: { $rate } respuestas/s

report-latency = Tiempo de respuesta, hasta la cola
report-latency-means = Desde el momento en que tocaba hacer la pregunta hasta su respuesta. La mitad de las preguntas no tardó más que la curva en el 50{ "\u00A0" }%; todas menos una de cada mil, no más que en el 99,9{ "\u00A0" }%.
report-latency-note = Se juntan todas las rondas que cuentan, así que un percentil puede diferir un poco del de la tabla, que es la mediana de las rondas. Una curva termina donde quedan menos de diez preguntas: más allá sería una anécdota.
report-latency-open-note = Con una carga abierta, las líneas discontinuas cuentan desde el momento en que se envió la pregunta. Lo que dejan fuera es cuánto esperó hasta poder salir.
report-latency-lesser = ya enviada
report-latency-desc = Una línea por modelo: el tiempo en que se respondió a una parte de las preguntas, desde la mitad hasta todas menos unas pocas de cada cien mil. Las cifras están en la tabla debajo del gráfico.
# $model (text) - el nombre de un modelo
report-latency-service = { $model }, ya enviada
# $model (text) - el nombre de un modelo
# $share (text) - un porcentaje
# $time (text) - un tiempo, con la unidad
report-latency-tip = { $model }: { $share } en menos de { $time }

report-cpu = Tiempo de CPU por respuesta
report-cpu-means = Lo que el servidor usó de sus CPU mientras se medía, dividido entre las respuestas: en su propio código y sus bibliotecas, y en el núcleo para sus llamadas al sistema.
report-cpu-note = No incluye otros programas ni el generador de carga. La suma es exacta, pero muchos núcleos la reparten por muestreo: en una medición corta una parte puede ser 0.
report-cpu-desc = Una barra por modelo en dos partes, en el programa y en el núcleo. Las cifras están en la tabla debajo del gráfico.
report-cpu-user = en el programa
report-cpu-system = en el núcleo

report-switches = Cambios de contexto por respuesta
report-switches-means = Cuántas veces dejó su CPU un hilo del servidor: porque aún no había llegado lo que pedía, o porque el núcleo cedió la CPU a otros.
report-switches-note = Un servidor que espera una vez para muchas preguntas tiene mucho menos de uno por respuesta.
report-switches-desc = Una barra por modelo en dos partes: cambios porque esperaba y cambios porque era el turno de otros. Las cifras están en la tabla debajo del gráfico.
report-switches-voluntary = porque esperaba
report-switches-involuntary = porque era el turno de otros

report-operations = Operaciones por respuesta
report-operations-means = Lo que hizo el controlador por cada respuesta. «would-block» dice cuántas de las demás no encontraron nada que hacer, que es el precio de preguntar primero.
report-operations-note = Las cuenta el observador del controlador. Un modelo que espera a muchos sockets a la vez tiene menos de una espera por respuesta.
report-operations-desc = Una fila por modelo y una columna por tipo de operación, con barras en una misma escala. Las cifras están en la tabla debajo del gráfico.

report-idle-memory = Memoria según las conexiones inactivas
report-idle-memory-means = Memoria residente del servidor mientras tantos están conectados sin decir nada. Lo que cuesta una conexión es la pendiente de su línea, escrita en su extremo.
report-idle-memory-note = La pendiente se toma de todos los pasos: un solo punto contaría también el propio programa.
report-idle-memory-desc = Una línea por modelo: memoria del servidor según el número de conexiones inactivas. Las cifras están en la tabla debajo del gráfico.
# $model (text) - el nombre de un modelo
# $bytes (text) - bytes por conexión
report-idle-slope = { $model }: { $bytes } B por conexión

report-idle-reply = Tiempo de una respuesta según las conexiones inactivas
report-idle-reply-means = Cuánto espera su respuesta un cliente más, que sí dice algo, mientras los demás están inactivos: la mediana.
report-idle-reply-note = Si sube, esperar a muchos cuesta aunque callen.
report-idle-reply-desc = Una línea por modelo: mediana del tiempo de una respuesta según el número de conexiones inactivas. Las cifras están en la tabla debajo del gráfico.
# $model (text) - el nombre de un modelo
# $n (text) - cuántas conexiones
# $value (text) - una cifra
report-idle-tip = { $model }, { $n } inactivas: { $value }

report-open = Ofrecido y conseguido
report-open-means = Las preguntas se hacen a su hora, con o sin respuesta a las anteriores, como hacen las personas. Donde una línea se aparta de la diagonal, el modelo ya no da abasto.
report-open-desc = Una línea por modelo: respuestas por segundo según las preguntas por segundo, con la diagonal en la que son iguales. Las cifras están en la tabla debajo del gráfico.
report-open-all = todas
report-open-p99 = La cola según el ritmo
report-open-p99-means = El percentil 99 del tiempo de respuesta, contado desde el momento en que tocaba hacer cada pregunta: incluye la espera por un servidor que va con retraso.
report-open-p99-desc = Una línea por modelo: percentil 99 del tiempo de respuesta según las preguntas por segundo. Las cifras están en la tabla debajo del gráfico.
# $model (text) - el nombre de un modelo
# $offered (text) - preguntas por segundo
# $value (text) - una cifra, o por qué no la hay
report-open-tip = { $model }, { $offered } ofrecidas: { $value }
# $model (text) - el nombre de un modelo
# $rate (text) - preguntas por segundo
# $limit (text) - un tiempo, con la unidad
report-knee = { $model }: el ritmo más alto con un p99 por debajo de { $limit } es { $rate } preguntas/s.
# $model (text) - el nombre de un modelo
report-knee-none = { $model }: no se sabe cuál es el ritmo más alto.
report-knee-limit = límite

report-trials = Todas las rondas
report-trials-means = Cada marca es una ronda, las posteriores más abajo; la línea vertical es la mediana. Las rondas tachadas no cuentan; tampoco las huecas, porque son demasiado pocas.
report-trials-note = El eje no empieza en cero, para que se vean las diferencias: compare lo que distan los modelos con lo que distan sus rondas.
report-trials-desc = Una fila por modelo con una marca para las respuestas por segundo de cada ronda; las que no se deben creer están tachadas. Las cifras están en la tabla debajo del gráfico.
# $model (text) - el nombre de un modelo
# $round (text) - qué ronda, desde 1
# $rate (text) - respuestas por segundo
report-trials-tip = { $model }, ronda { $round }: { $rate } respuestas/s
# $model (text) - el nombre de un modelo
# $rounds (text) - qué rondas, desde 1
# $why (text) - los motivos
report-trials-invalid = { $model }: tachado, ronda { $rounds }: { $why }

## Las otras partes

report-timelines-means = Un pequeño intercambio en cada modelo, tal como se midió: dos clientes, uno de ellos lento. Cada espera lleva su nombre. Fíjese en dónde se queda quieto el programa, y por quién.
report-sources-means = La máquina, que dice qué es el ejercicio, y los controladores, que esperan en su lugar. La máquina es la misma para todos; busque en cada controlador la única línea en la que espera.
# $line (number) - el número de una línea
report-sources-wait = Espera en la línea { $line }.
report-sources-print = El código está en el archivo desde el que se imprimió esto, y en el repositorio:

## Cómo se ha medido

report-rule-rounds = Rondas
report-rule-rounds-means = En cada ronda todos los modelos pasan una vez por todas las cargas, en un orden barajado, para que lo que cambie en el equipo les afecte a todos por igual. Una cifra es la mediana de las rondas.
report-rule-warm-up = Calentamiento
report-rule-warm-up-means = Lo que se ejecutó antes de que el ritmo fuera estable no está en ninguna cifra. Cuánto duró figura en las tablas de las rondas.
report-rule-interval = Intervalo del 95{ "\u00A0" }%
report-rule-interval-means = Dónde estaría la mediana de muchas rondas: la de una cifra, remuestreando sus rondas; la de un cociente, con la t de Student sobre las rondas y un margen para lo que cambia entre dos ejecuciones. Habla de este equipo y de este día.
report-rule-prediction = Una segunda ejecución
report-rule-prediction-means = Dónde encontraría el cociente una segunda ejecución con otras tantas rondas, con una probabilidad del 95{ "\u00A0" }%. Es más ancho que el intervalo, porque la segunda ejecución tiene su propio ruido.
report-rule-none = Sin diferencia detectable
report-rule-none-means = Esta medición no puede distinguirlos: entre tantas comparaciones podría ser casualidad, o una segunda ejecución podría decir lo contrario. No dice que sean iguales.
report-rule-invalid = NO VÁLIDO
report-rule-invalid-means = Una cifra que diría algo de la medición y no del servidor. Se nombra con su motivo, y no está en ningún gráfico de cifras ni en ningún cociente. Un modelo entero con una carga lo es si lo son la mitad de sus rondas.
report-proofs = Primero la prueba, después el reloj
report-proofs-means = Antes de cronometrar nada se comparó la transcripción del ejercicio en cada modelo con la de referencia; y bajo carga se comprobó entera cada respuesta.
# $model (text) - el nombre de un modelo
report-proof-same = { $model }: la misma transcripción
# $model (text) - el nombre de un modelo
report-proof-differs = { $model }: otra transcripción, así que no se ha cronometrado
report-environment = El equipo
report-again = Mídalo otra vez
report-again-means = La misma comparación, en este equipo o en otro:
# $seed (text) - un número
report-again-seed = El orden de las pruebas y el remuestreo salen de la semilla { $seed }.
report-raw-means = Este archivo contiene cada prueba con sus histogramas, para que cada cifra se pueda volver a obtener.
report-download = guardar los datos como JSON
