// Stands where the platform's search application would: fetches the list and builds the cards.
(async function () {
  var words = new URLSearchParams(location.search).get('q');
  var answer = await fetch('/specimen/list.json?q=' + encodeURIComponent(words));
  var told = await answer.json();
  var root = document.getElementById('root');
  var cards = told.auctions.map(function (one) {
    var card = document.createElement('div');
    card.className = 'item J_MouserOnverReq';
    card.dataset.category = 'auctions';
    card.innerHTML = '<div class="pic-box"><div class="pic"><a class="pic-link J_ClickStat J_ItemPicA" target="_blank"><img class="J_ItemPic img" alt=""></a></div></div>' +
      '<div class="ctx-box"><div class="row row-1 g-clearfix"><div class="price g_price g_price-highlight"><span>¥</span><strong></strong></div><div class="deal-cnt"></div></div>' +
      '<div class="row row-2 title"><a class="J_ClickStat" target="_blank"></a></div>' +
      '<div class="row row-3 g-clearfix"><div class="shop"><a class="shopname J_MouseEneterLeave J_ShopInfo" target="_blank"><span class="dsrs"></span><span></span></a></div><div class="location"></div></div></div>';
    card.querySelectorAll('a.J_ClickStat').forEach(function (link) { link.href = one.url; link.dataset.nid = one.nid; });
    card.querySelector('.J_ItemPic').src = one.picture;
    card.querySelector('.g_price strong').textContent = one.price;
    card.querySelector('.deal-cnt').textContent = one.sold;
    card.querySelector('.row-2 a').innerHTML = one.title;
    var shop = card.querySelector('.shopname');
    shop.href = '//store.taobao.com/shop/view_shop.htm?user_number_id=' + one.seller_id;
    shop.dataset.userid = one.seller_id;
    shop.lastElementChild.textContent = one.seller;
    card.querySelector('.location').textContent = one.place;
    return card;
  });
  var list = document.createElement('div');
  list.id = 'mainsrp-itemlist';
  list.className = 'm-itemlist items';
  list.append.apply(list, cards);
  document.getElementById('srp_hole_page_bgImg').remove();
  root.append(list);
})();
