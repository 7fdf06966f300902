### `socklab compare`, en español.

## Los modelos, en una frase cada uno: qué es y dónde espera

model-blocking = Hilos: uno por conexión (en UDP, uno para todos), y cada uno espera dentro de la llamada que recibe.
model-blocking-iterative = Un hilo atiende cada conexión hasta el final antes de aceptar la siguiente: espera en accept o al único cliente que tiene, y los demás esperan en la cola.
model-blocking-pool = Un número fijo de hilos acepta en el mismo socket y atiende una conexión cada uno: quien los encuentra a todos esperando a sus clientes espera en la cola.
model-async-std = Una tarea por conexión sobre un ejecutor con un hilo por núcleo: ninguna tarea se bloquea, y el reactor del ejecutor espera a todos los sockets en un solo poll.
model-mio = Un hilo con un bucle de eventos: espera en un solo poll a todos los sockets a la vez y después atiende a los que tienen algo.
model-mio-loops = Un bucle de eventos por núcleo, cada uno con su socket en el mismo puerto (SO_REUSEPORT): el sistema reparte los clientes y cada bucle espera en su propio poll.
