// Small helps for people who have JavaScript. Every page works without this file. All words come from data attributes.
(function () {
  'use strict';
  var body = document.body;
  var all = function (selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); };

  // Privacy screen: one click or Esc twice hides the page, at once and without a request.
  var veil = document.querySelector('[data-veil]');
  function cover(on) {
    if (!veil) { return; }
    veil.hidden = !on;
    body.classList.toggle('veiled', on);
    if (on) { veil.querySelector('[data-unveil]').focus(); }
  }
  var lastEscape = 0;
  document.addEventListener('keydown', function (event) {
    if (event.key !== 'Escape' || event.repeat) { return; }
    var now = Date.now();
    if (now - lastEscape < 700) { cover(!body.classList.contains('veiled')); lastEscape = 0; } else { lastEscape = now; }
  });
  all('[data-privacy]', function (button) {
    button.hidden = false;
    button.addEventListener('click', function () { cover(true); });
  });
  all('[data-unveil]', function (button) { button.addEventListener('click', function () { cover(false); }); });
  all('[data-print]', function (button) {
    button.hidden = false;
    button.addEventListener('click', function () { window.print(); });
  });

  // A quiet ring: the server says how many notices wait, never what they are. It sounds where somebody asked for it.
  var bell = document.querySelector('[data-bell]');
  var heard = function () { try { return localStorage.getItem('sound'); } catch (error) { return null; } };
  all('[data-sound]', function (box) {
    box.closest('[hidden]').hidden = false;
    box.checked = heard();
    box.addEventListener('change', function () { localStorage.setItem('sound', box.checked ? '1' : ''); });
  });
  function sound() {
    var audio = new AudioContext();
    var tone = audio.createOscillator();
    tone.connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.2);
  }
  if (bell && window.EventSource) {
    var title = document.title;
    var waiting = Number(bell.dataset.bell);
    new EventSource('/notices/stream').onmessage = function (event) {
      var count = Number(event.data);
      if (count > waiting && heard()) { sound(); }
      if (count !== waiting) { bell.textContent = count || ''; }
      waiting = count;
      document.title = (count ? '(' + count + ') ' : '') + title;
    };
  }

  // Drafts: <form data-draft="URL"> sends its fields there a moment after the last change, and when the page is left.
  // Passwords and files never become part of a draft.
  var drafts = [];
  function fields(form) {
    var data = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      var field = form.elements[name];
      if (typeof value === 'string' && !(field && field.type === 'password')) { data.append(name, value); }
    });
    return data;
  }
  all('form[data-draft]', function (form) {
    var status = form.querySelector('[data-draft-status]');
    var timer = 0;
    var changed = false;
    function say(saved) {
      if (!status) { return; }
      status.textContent = saved ? status.dataset.saved : status.dataset.failed;
      status.classList.toggle('failed', !saved);
    }
    function save(leaving) {
      clearTimeout(timer);
      if (!changed || form.dataset.sent) { return; }
      changed = false;
      // A sign-in page in answer means that nothing was kept, so a redirect is not followed.
      fetch(form.dataset.draft, { method: 'POST', body: fields(form), redirect: 'manual', keepalive: leaving })
        .then(function (answer) { return answer.ok; }, function () { return false; })
        .then(function (saved) { if (!saved) { changed = true; } say(saved); });
    }
    form.addEventListener('input', function () {
      changed = true;
      if (status) { status.textContent = ''; }
      clearTimeout(timer);
      timer = setTimeout(function () { save(false); }, 1500);
    });
    drafts.push(save);
  });
  function saveDrafts() { drafts.forEach(function (save) { save(true); }); }
  window.addEventListener('pagehide', saveDrafts);

  // A form is sent once, however often a tired hand clicks. After a while it may be sent again (a lost connection).
  all('form[method=post]', function (form) {
    form.addEventListener('submit', function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = '1';
      setTimeout(function () { delete form.dataset.sent; }, 8000);
    });
  });

  // Idle lock. The time of the last sign of life is shared by all tabs, so that a quiet tab does not lock a busy one.
  var idle = Number(body.dataset.idleSeconds) * 1000;
  var seen = Date.now();
  var told = 0;
  var shared = function (value) {
    try {
      if (value) { localStorage.setItem('seen', value); }
      return Number(localStorage.getItem('seen')) || 0;
    } catch (error) { return 0; }
  };
  function alive() {
    seen = Date.now();
    if (seen - told > 2000) { told = seen; shared(seen); }
  }
  function look() {
    var quiet = Date.now() - Math.max(seen, shared());
    if (quiet < idle) { setTimeout(look, Math.min(idle - quiet, 15000)); return; }
    body.classList.add('veiled');
    saveDrafts();
    setTimeout(function () { location.replace(body.dataset.idleUrl); }, drafts.length ? 800 : 0);
  }
  if (idle) {
    ['keydown', 'pointerdown', 'mousemove', 'scroll', 'touchstart'].forEach(function (kind) {
      document.addEventListener(kind, alive, { passive: true });
    });
    alive();
    look();
    // A page from the browser's memory may be somebody else's by now: ask the server again.
    window.addEventListener('pageshow', function (event) { if (event.persisted) { location.reload(); } });
  }
})();
